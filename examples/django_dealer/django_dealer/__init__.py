"""A dealer's own site with a CRM in it: Django, one `Crm` for each process, behind Django's login."""
