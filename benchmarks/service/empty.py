"""An app with empty routes, served as the service is: what a request costs without any work.

python -m benchmarks.service.empty PORT
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI


def main() -> None:
    """Serve it until SIGTERM."""
    app = FastAPI(openapi_url=None)

    @app.get("/empty")
    def empty() -> dict[str, str]:
        return {}

    @app.get("/empty/async")
    async def empty_async() -> dict[str, str]:
        return {}

    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_config=None)


if __name__ == "__main__":
    main()
