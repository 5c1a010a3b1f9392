"""What the platform offers: machines, programs, plug-ins, environments, explanations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from renderbus_core.api.model.wire import Wire, named
from renderbus_core.machines import Refusals, leading_number

_NO_PLUGINS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform(Wire):
    """A render platform.

    Args:
        type: 0 GPU, 1 CPU, 2 pictures.
        status: 0 off, 1 normal, 2 busy, 3 full.
        task_prefix: what stands before its task ids when people name them.
    """

    platform: int = 0
    name: str = ""
    type: int | None = None
    status: int | None = None
    task_prefix: str = ""
    is_show: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedVersion(Wire):
    """A version of a DCC that a machine does not render."""

    cg_id: str = ""
    cg_version_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareConfig(Wire):
    """A kind of machine that can be asked for.

    Args:
        type: 1 CPU, 2 GPU.
        model: its name, for example `Default`, `28C`, `2080Ti`.
        ram: for example `64GB`.
        gpu_num: for example `2*GPU`; "" on machines without.
        status: 1 when it can be had.
        current: whether the task that was asked about is on it.
        not_support_cg_id: DCCs that it does not render.
        not_support_code: codes of the scene analysis that it cannot render with.
        not_support_cg_versions: versions of DCCs that it does not render.
        not_support_plugin_list: patterns of `name version`, any case.
    """

    id: int = 0
    type: int = 0
    model: str = ""
    ram: str = ""
    gpu_num: str = ""
    platform: int = 0
    status: int = 0
    current: bool = False
    not_support_cg_id: tuple[str, ...] = ()
    not_support_code: tuple[str, ...] = ()
    not_support_cg_versions: tuple[UnsupportedVersion, ...] = ()
    not_support_plugin_list: tuple[str, ...] = ()

    @property
    def gpu_count(self) -> int:
        """GPUs of a machine, 0 without."""
        return leading_number(self.gpu_num)

    @property
    def ram_gigabytes(self) -> int:
        """Memory of a machine in GB, 0 where the cloud does not tell."""
        return leading_number(self.ram)

    def objections(
        self,
        cg_id: int | str,
        cg_version: str = "",
        plugins: Mapping[str, str] = _NO_PLUGINS,
        codes: Iterable[int | str] = (),
    ) -> tuple[str, ...]:
        """Say, each in a sentence, why this machine does not render a scene; empty when it does.

        Args:
            cg_id: of the DCC, `2000` for Maya.
            cg_version: of the DCC.
            plugins: versions by name.
            codes: of the scene's analysis.
        """
        # The protocol writes ids and codes as numbers and as text: they are compared as text.
        refused = Refusals(
            programs=self.not_support_cg_id,
            codes=self.not_support_code,
            versions=[(each.cg_id, each.cg_version_name) for each in self.not_support_cg_versions],
            plugins=self.not_support_plugin_list,
        )
        machine = f"{self.model} {self.ram} {self.gpu_num}".rstrip()
        asked = str(cg_id), cg_version, plugins, frozenset(map(str, codes))
        return tuple(refused.objections(machine, *asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class Software(Wire):
    """A DCC that is rendered.

    Args:
        cg_type: extensions of its scenes, separated by semicolons.
        is_need_analyse: 1 yes, 2 no.
    """

    cg_id: int = 0
    cg_name: str = ""
    cg_type: str = ""
    icon_path: str = ""
    is_need_project_path: int | None = None
    is_need_analyse: int | None = None
    is_support_linux: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportedSoftware(Wire):
    """The DCCs that are rendered, and the one that is offered first."""

    render_info_list: tuple[Software, ...] = ()
    default_cg_id: int = 0
    is_auto_commit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareVersion(Wire):
    """A version of a DCC."""

    id: int = 0
    cg_id: int = 0
    cg_name: str = ""
    cg_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginVersion(Wire):
    """A version of a plug-in; `plugin_version` is its name and version with a blank."""

    plugin_id: int = 0
    plugin_name: str = ""
    plugin_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin(Wire):
    """A plug-in of one version of a DCC.

    Args:
        cv_id: id of the DCC's version.
        plugin_versions: those that are offered for it.
    """

    cv_id: int = 0
    plugin_name: str = ""
    plugin_versions: tuple[PluginVersion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportedPlugins(Wire):
    """Versions of one DCC and their plug-ins."""

    cg_version: tuple[SoftwareVersion, ...] = ()
    cg_plugin: tuple[Plugin, ...] = ()

    def plugins_of(self, version: SoftwareVersion) -> tuple[Plugin, ...]:
        """Return the plug-ins of one of the versions."""
        return tuple(plugin for plugin in self.cg_plugin if plugin.cv_id == version.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderEnv(Wire):
    """A named render environment: a DCC, its version and plug-ins.

    Args:
        edit_name: its name.
        os_name: 0 Linux, 1 Windows.
        render_layer_type: Maya: 0 render layers, 1 render setup.
        is_default: 1 for the one that is offered first.
        project_path: of Maya and Houdini scenes.
        plugins: what is loaded; a new one needs their ids only.
    """

    edit_name: str = ""
    cg_id: int = 0
    cg_name: str = ""
    cg_version: str = ""
    os_name: int = 0
    render_layer_type: int | None = None
    is_default: int = 0
    project_path: str = ""
    is_main_user_id: int = 0
    plugins: tuple[PluginVersion, ...] = named("respUserPluginInfoVos", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetail(Wire):
    """What a code of the scene analysis means.

    Args:
        type: 0 warning, 1 error.
        language_flag: 0 Chinese, 1 English.
        des_description_cn: what is wrong, in that language.
        des_solution_cn: what to do, in that language.
        solution_path: address of a page about it.
        is_open: 1 when the code stops a submit.
    """

    id: int = 0
    code: str = ""
    type: int = 0
    language_flag: int = 0
    des_description_cn: str = ""
    des_solution_cn: str = ""
    solution_path: str = ""
    is_repair: int = 0
    is_open: int | None = None
    update_time: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PackNode(Wire):
    """A package of machines that the account has bought."""

    pack_node_id: int = 0
    pack_name: str = ""
