"""Pure: desired x actual x recorded -> Plan. No I/O, no clock, no randomness."""
