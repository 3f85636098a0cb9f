"""The addresses of the site."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from crmcore.contrib.django import webhook
from django_dealer import views

urlpatterns = [
    path("", views.customers),
    path("customers", views.customers, name="customers"),
    path("customers/<id>", views.customer, name="customer"),
    path("complaints", views.complaints, name="complaints"),
    path("login/", auth.LoginView.as_view(template_name="login.html"), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("hooks/<path:path>", login_not_required(webhook(views.take_push))),  # a vendor has a secret instead
]
