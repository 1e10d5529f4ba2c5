"""The only room that knows HTTP and Palabra's wire format."""
