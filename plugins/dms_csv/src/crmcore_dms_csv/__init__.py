""" CSV, XLSX, XLS, ODS."""
