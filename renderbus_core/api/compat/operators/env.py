"""Render environments, under the vendor's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from renderbus_core.api.compat.exception import ArgumentError
from renderbus_core.api.compat.operators.dcc import dcc_id
from renderbus_core.api.compat.operators.operator import Operator
from renderbus_core.api.operations import snake_case


class RenderEnvOperator(Operator):
    """Render environments: a DCC, its version and plug-ins under a name."""

    def add_render_env(self, data: Mapping[str, Any]) -> Any:
        """Store an environment under its `editName`; names as on the wire."""
        return self._call("add_render_env", **_python_names(data))

    def update_render_env(self, data: Mapping[str, Any]) -> Any:
        """Change the environment that has this `editName`; names as on the wire."""
        return self._call("update_render_env", **_python_names(data))

    def delete_render_env(self, edit_name: str) -> Any:
        """Delete an environment."""
        return self._call("delete_render_env", edit_name=edit_name)

    def set_default_render_env(self, edit_name: str) -> Any:
        """Make an environment the one that is offered first."""
        return self._call("set_default_render_env", edit_name=edit_name)

    def get_render_env(
        self,
        name: str | None = None,
        cg_names: list[str] | None = None,
        os_name: int | None = 1,
    ) -> Any:
        """List the environments of DCCs.

        Args:
            name: of one DCC.
            cg_names: of several.
            os_name: of the render machines: 0 Linux, 1 Windows; None leaves it to the cloud.
        """
        if cg_names and not isinstance(cg_names, list):
            raise TypeError(f"cg_names must be a list, not {cg_names!r:.80}")
        if not name and not cg_names:
            raise ArgumentError("get_render_env: name a DCC, or several as cg_names")
        return self._call(
            "get_render_env",
            cg_id=dcc_id(name) if name else None,
            cg_ids=[str(dcc_id(each)) for each in cg_names] if cg_names else None,
            os_name=os_name,
        )


def _python_names(data: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise ArgumentError(f"a render environment is a dict, not {data!r:.80}")
    return {snake_case(name): value for name, value in data.items()}
