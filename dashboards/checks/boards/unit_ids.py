"""A panel's unit is one that Grafana knows; it shows any other text behind the bare number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, file_rule, nearest
from dashboards.checks.subject import Subject

# What Grafana 12 and 13 offer in their picker, by the picker's groups.
_WORDS = """
    none string short sishort percent percentunit humidity dB candela hex0x hex sci locale pixel
    accMS2 accFS2 accG degree radian grad arcmin arcsec areaM2 areaF2 areaMI2 acres hectares
    flops mflops gflops tflops pflops eflops zflops yflops
    ppm conppb conngm3 conngNm3 conμgm3 conμgNm3 conmgm3 conmgNm3 congm3 congNm3 conmgdL conmmolL
    bytes decbytes bits decbits kbytes deckbytes mbytes decmbytes gbytes decgbytes tbytes dectbytes pbytes
    decpbytes pps binBps Bps binbps bps KiBs Kibits KBs Kbits MiBs Mibits MBs Mbits GiBs Gibits GBs Gbits
    TiBs Tibits TBs Tbits PiBs Pibits PBs Pbits
    dateTimeAsIso dateTimeAsIsoNoDateIfToday dateTimeAsUS dateTimeAsUSNoDateIfToday dateTimeAsLocal
    dateTimeAsLocalNoDateIfToday dateTimeAsSystem dateTimeFromNow
    watt kwatt megwatt gwatt mwatt Wm2 voltamp kvoltamp voltampreact kvoltampreact watth watthperkg kwatth
    kwattm amph kamph mamph joule ev amp kamp mamp volt kvolt mvolt dBm mohm ohm kohm Mohm farad µfarad
    nfarad pfarad ffarad henry mhenry µhenry lumens
    flowgpm flowcms flowcfs flowcfm litreh flowlpm flowmlpm lux forceNm forcekNm forceN forcekN
    Hs KHs MHs GHs THs PHs EHs massmg massg masslb masskg masst
    lengthmm lengthin lengthft lengthm lengthkm lengthmi
    pressurembar pressurebar pressurekbar pressurepa pressurehpa pressurekpa pressurehg pressurepsi
    radbq radci radgy radrad radsv radmsv radusv radrem radexpckg radr radsvh radmsvh radusvh
    rotrpm rothz rotkhz rotmhz rotghz rotrads rotdegs celsius fahrenheit kelvin
    hertz ns µs ms s m h d dtdurationms dtdurations dthms dtdhms timeticks clockms clocks
    cps ops reqps rps wps iops eps mps recps rowsps cpm opm reqpm rpm wpm epm mpm recpm rowspm
    velocityms velocitykmh velocitymph velocityknot mlitre litre m3 Nm3 dm3 gallons
    bool bool_yes_no bool_on_off
"""
UNITS = frozenset(_WORDS.split())
# `suffix:` and its like are how one brings one's own.
OWN = re.compile(r"(prefix|suffix|time|si|count|currency|bool):.+|currency.+")


@file_rule("unit-known", "a panel's unit is one of Grafana's", answers=("E8", "panel-units-rule"))
def known(subject: Subject, report: Report) -> Iterator[Finding]:
    """Words that Grafana prints behind the number, such as `rows/s`, in place of a unit that it scales."""
    for path, where, panel in each(subject):
        unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit")
        if unit and unit not in UNITS and not OWN.match(str(unit)):
            fix = nearest(str(unit), UNITS) or f"Take one that it has, or write `suffix:{unit}`."
            yield report(path, where, f"Grafana has no unit {unit!r}, and prints it as it stands", fix)
