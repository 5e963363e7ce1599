"""Findings are printed of the finished small study of the orchestration tests."""

from tme_platform_tests.orchestration.conftest import finished

__all__ = ["finished"]
