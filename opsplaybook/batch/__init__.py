"""Many runs of a playbook, safely and fast: one folder per run, one index per batch."""
