"""The clerk's workbook: one row a call, with everything to know before dialling and room for the answer.

`rows` says what is on it, `write` makes the file (.xlsx, or .csv).
"""
