"""`python -m crmcore`, where the scripts folder is not on the path."""

from crmcore.cli import main

raise SystemExit(main())
