"""Threads of BLAS: one while somebody asks for it, and as many as before afterwards."""

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from relugeom.linalg.blas import one_blas_thread


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        yield


def test_blas_has_one_thread_meanwhile():
    before = threads()
    with one_blas_thread():
        assert threads() == {1}
        with one_blas_thread():
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == before


def test_threads_come_back_after_an_error():
    before = threads()
    with pytest.raises(ValueError, match="odd"), one_blas_thread():
        raise ValueError("odd")
    assert threads() == before
