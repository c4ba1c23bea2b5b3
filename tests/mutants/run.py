"""`make mutants`: plant every fault, one at a time, and see that its test notices. Status 1 if one survives.

python -m tests.mutants.run [WORD ...]      only the faults whose file, text or test holds one of the words
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.faults import Fault, copied, killed, read, run_tests


def main(words: list[str]) -> int:
    """Plant the faults that hold one of the `words` (all without any); returns the exit status."""
    faults = [fault for fault in read() if not words or any(w in f"{fault.name} {fault.tests}" for w in words)]
    with tempfile.TemporaryDirectory() as folder:
        source, begin = copied(Path(folder)), time.monotonic()
        tests = sorted({test for fault in faults for test in fault.tests})
        sound = run_tests(tests, source)
        if sound.returncode:
            print(sound.stdout[-3000:], sound.stderr[-1000:])
            print("a test fails, or does not exist, without any fault")
            return 1
        print(f"{len(tests)} tests pass without faults, {time.monotonic() - begin:.0f} s", flush=True)
        survivors = [fault for fault in faults if not _told(fault, source)]
    print(f"{len(faults) - len(survivors)} of {len(faults)} killed, {time.monotonic() - begin:.0f} s")
    return 1 if survivors else 0


def _told(fault: Fault, source: Path) -> bool:
    begin = time.monotonic()
    dead, printed = killed(fault, source)
    print(f"{'killed  ' if dead else 'SURVIVED'} {time.monotonic() - begin:5.1f} s  {fault.name}", flush=True)
    if not dead:
        print(f"         {fault.why}; {', '.join(fault.tests)}\n{printed}", flush=True)
    return dead


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
