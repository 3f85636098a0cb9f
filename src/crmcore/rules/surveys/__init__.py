"""Who may be asked, and which answers deserve a second look; a flag marks, it never deletes."""
