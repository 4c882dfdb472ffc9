import pytest
@pytest.fixture
def objdump():
    L = "/work/tools/trixie/usr/lib/x86_64-linux-gnu"
    return [f"{L}/ld-linux-x86-64.so.2", "--library-path", L, "/work/tools/trixie/usr/bin/s390x-linux-gnu-objdump"]
