"""Rules that no schema can hold: what must agree between fields and between documents."""

from renderbus_core.package.rules.rule import Fault, Machine, Rule, Subject
from renderbus_core.package.rules.table import RULES

__all__ = ["RULES", "Fault", "Machine", "Rule", "Subject"]
