"""Pre-training of the small Show-o models of the UniRL Playground.

Must be imported before torch: on AMD processors MKL otherwise picks a code path several times slower than AVX2.
"""

import os


def _cpu_vendor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next((line for line in file if line.startswith("vendor_id")), "")
    except OSError:
        return ""


if "AuthenticAMD" in _cpu_vendor():
    os.environ.setdefault("MKL_ENABLE_INSTRUCTIONS", "AVX2")
