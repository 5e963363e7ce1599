"""Tests; the folders mirror the packages of tme_platform."""
