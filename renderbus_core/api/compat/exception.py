"""The vendor's exceptions, each also one of ours, so that old and new `except` clauses work."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from renderbus_core.errors import (
    AuthError,
    BillingError,
    CloudError,
    InputError,
    RenderbusError,
    RequestRefusedError,
    TransientError,
    UnknownOutcomeError,
)


class RayvisionError(RenderbusError):
    """Base of what the vendor's scripts catch.

    Args:
        error_code: number of the failure; None when the cloud did not answer with one.
        error: one sentence.
        more: further values, kept in `args`.
    """

    def __init__(self, error_code: int | None, error: str, *more: object) -> None:
        super().__init__(error, *more)
        self.error_code = error_code
        self.error = error

    def __str__(self) -> str:
        return f"{type(self).__name__}: {self.error_code}: {self.error}"


class RayvisonTaskIdError(RayvisionError):
    """A task id is no number; its code is always 2000, whatever it is made with."""

    def __init__(self, error_code: int | None, error: str) -> None:
        super().__init__(error_code, error)
        self.error_code = 2000


class RayvisionAPIError(RayvisionError, CloudError):
    """The cloud refused a request, or its answer cannot be used.

    It has the attributes of `CloudError` too: `code`, `operation`, `request_id`.

    Args:
        error_code: the cloud's; None when there was no answer that has one.
        error: one sentence.
        request: address that was called.
    """

    def __init__(self, error_code: int | None, error: str, request: str) -> None:
        CloudError.__init__(self, error, code=error_code)
        self.error_code = error_code
        self.error = error
        self.request = request

    def __str__(self) -> str:
        return f"Error code: {self.error_code}, Error message: {self.error}, URL: {self.request}"

    @staticmethod
    def of(error: CloudError, request: str) -> RayvisionAPIError:
        """Return one of ours as the vendor's, of the same branch and with all it carries."""
        branch = next((kind for kind in type(error).__mro__ if kind in _BRANCHES), CloudError)
        vendors = _BRANCHES.get(branch, RayvisionAPIError)(error.code, str(error), request)
        vars(vendors).update(vars(error))
        return vendors


class RayvisionRefusedError(RayvisionAPIError, RequestRefusedError):
    """The request itself is wrong; sending it again cannot help."""


class RayvisionAuthError(RayvisionAPIError, AuthError):
    """Credentials, signature or rights are refused."""


class RayvisionBillingError(RayvisionAPIError, BillingError):
    """The account's money stands in the way."""


class RayvisionTransientError(RayvisionAPIError, TransientError):
    """Nothing happened; the same request may be sent again later."""


class RayvisionUnknownOutcomeError(RayvisionAPIError, UnknownOutcomeError):
    """The request may or may not have been carried out; ask before repeating it."""


_BRANCHES: Mapping[type, type[RayvisionAPIError]] = MappingProxyType(
    {
        RequestRefusedError: RayvisionRefusedError,
        AuthError: RayvisionAuthError,
        BillingError: RayvisionBillingError,
        TransientError: RayvisionTransientError,
        UnknownOutcomeError: RayvisionUnknownOutcomeError,
    }
)


class ArgumentError(InputError, ValueError):
    """An argument cannot be used; nothing was sent. The vendor's checks raise `ValueError`."""


# Nothing below is raised here: scripts that also analyse scenes import these names.


class AnalyzeError(InputError):
    """A scene cannot be analysed."""


class MaxDamageError(AnalyzeError):
    """A 3ds Max scene is damaged."""


class MaxExeNotExistError(AnalyzeError):
    """The program of 3ds Max is missing."""


class CGExeNotExistError(AnalyzeError):
    """The program of the scene is missing."""


class ProjectMaxVersionError(AnalyzeError):
    """The scene is of another version of 3ds Max than its project."""


class GetCGVersionError(AnalyzeError):
    """The version of the scene's program cannot be found out."""


class GetRendererError(AnalyzeError):
    """The scene's renderer cannot be found out."""


class GetCGLocationError(AnalyzeError):
    """The place of the scene's program cannot be found out."""


class MultiScatterAndVrayConfilictError(AnalyzeError):
    """MultiScatter and V-Ray of the scene do not go together."""


class VersionNotMatchError(AnalyzeError):
    """Versions do not go together."""


class CGFileNotExistsError(AnalyzeError):
    """The scene file is missing."""


class CGFileZipFailError(AnalyzeError):
    """The scene file cannot be packed."""


class CGFileNameIllegalError(AnalyzeError):
    """The name of the scene file cannot be used."""


class AnalyseFailError(AnalyzeError):
    """The analysis did not succeed."""


class FileNameContainsChineseError(AnalyzeError):
    """The name of the scene file holds Chinese characters."""


class CompressionFailedError(RenderbusError):
    """A file cannot be packed."""


class DecompressionFailedError(RenderbusError):
    """A file cannot be unpacked."""


class UploadFileNotSupportError(InputError):
    """A configuration file has a name that the cloud does not take."""


class HardwareConfigIdError(InputError):
    """No machine can be had as it was asked for."""


class NotSupportPluginError(InputError):
    """The machine does not render a plug-in of the scene."""


class NotSupportCGSoftwareError(InputError):
    """The machine does not render the scene's program."""


class NotSupportHardwareCodeError(InputError):
    """The machine does not render a scene that the analysis warned about."""
