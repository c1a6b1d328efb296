"""Tests of the API instrumentation, on real applications, servers, pools and workers."""
