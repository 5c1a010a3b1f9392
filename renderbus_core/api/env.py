"""Operations on render environments: a DCC, its version and plug-ins under a name."""

from __future__ import annotations

from collections.abc import Iterable

from renderbus_core.api.group import Group, as_list
from renderbus_core.api.model import RenderEnv
from renderbus_core.errors import InputError

_OS_CODES = {"linux": 0, "windows": 1}


class EnvOperations(Group):
    """Render environments."""

    def add_render_env(self, env: RenderEnv) -> None:
        """Store an environment under its `edit_name`."""
        self._write("add_render_env", env)

    def update_render_env(self, env: RenderEnv) -> None:
        """Change the environment that has this `edit_name`."""
        self._write("update_render_env", env)

    def delete_render_env(self, edit_name: str) -> None:
        """Delete an environment."""
        self._call("delete_render_env", edit_name=edit_name)

    def set_default_render_env(self, edit_name: str) -> None:
        """Make an environment the one that is offered first."""
        self._call("set_default_render_env", edit_name=edit_name)

    def get_render_env(
        self, cg_ids: Iterable[int | str], os_name: str | None = None
    ) -> tuple[RenderEnv, ...]:
        """List the environments of DCCs.

        Args:
            cg_ids: DCCs, `2000` for Maya.
            os_name: of the render machines, `windows` or `linux`; None leaves it to the cloud.
        """
        if os_name is not None and os_name not in _OS_CODES:
            raise InputError(
                f"get_render_env: os_name must be {' or '.join(_OS_CODES)}, not {os_name!r:.80}"
            )
        system = None if os_name is None else _OS_CODES[os_name]
        wanted = as_list(cg_ids)
        if self._has("get_render_env", "cgIds"):
            return self._rows("get_render_env", RenderEnv.read, cg_ids=wanted, os_name=system)
        return tuple(
            env
            for cg_id in wanted
            for env in self._rows("get_render_env", RenderEnv.read, cg_id=cg_id, os_name=system)
        )

    def _write(self, operation: str, env: RenderEnv) -> None:
        self._call(
            operation,
            cg_id=env.cg_id,
            cg_name=env.cg_name,
            cg_version=env.cg_version,
            render_layer_type=env.render_layer_type,
            edit_name=env.edit_name,
            render_system=env.os_name,
            plugin_ids=[plugin.plugin_id for plugin in env.plugins],
            project_path=env.project_path or None,
        )
