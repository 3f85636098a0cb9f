"""The pages: one self-contained HTML file each (no script, no request leaves it), and the same facts as JSON."""
