"""The mechanisms of the people: strain and care, residents, volunteers, support from outside, each with its off.

The form is that of ``sim.spec.plan_mechanisms``: a path in which * means any name, a value that leaves the block and
takes its effect away, and one that removes it.
"""

from __future__ import annotations

from sim.spec.plan_mechanisms import NEVER, STATIONS, STEPS, UNITS, Rule

STRAIN = "world.strain.*"
NEEDS, NEEDS_OF_CLIENTS = "world.needs.*", "world.needs.*?clients"
RECRUITS = f"{UNITS}.recruitment"
SUPERVISION = "response.supervision.*"

PEOPLE: dict[str, tuple[str, str, str, tuple[Rule, ...], tuple[Rule, ...]]] = {
    # name: where, what it does, what off means, off, without
    "strain": (
        STRAIN, "strain makes visits longer and worse, and people stay away and leave",
        "people carry their strain, and it changes nothing",
        (
            (f"{STRAIN}.+slower", 0), (f"{STRAIN}.+errors", 0), (f"{STRAIN}.+absence", 0), (f"{STRAIN}.leaving", None),
        ),
        (("world.strain", None),),
    ),
    "identity": (
        f"{STRAIN}.identity_moves", "what happens at work strengthens or wears down the identity that buffers overload",
        "identity stays as it begins", ((f"{STRAIN}.identity_moves", None),), ((f"{STRAIN}.identity_moves", None),),
    ),
    "supervision": (
        SUPERVISION, "sessions with a supervisor take the time of both and lower strain",
        "sessions once in ten years, and no consultations",
        ((f"{SUPERVISION}.+every", NEVER), (f"{SUPERVISION}.+takes", "1 h"), (f"{SUPERVISION}.consults", None)),
        (("response.supervision", None),),
    ),
    "debriefing": (
        f"{UNITS}.debriefing", "talking a shift over with peers lowers strain and takes their time",
        "it would take ten years, so there is none",
        ((f"{UNITS}.debriefing.takes", NEVER),), ((f"{UNITS}.debriefing", None),),
    ),
    "breaks": (
        f"{UNITS}.breaks", "rest during a shift lowers strain and takes time from visits", "once in ten years",
        ((f"{UNITS}.breaks.every", NEVER),), ((f"{UNITS}.breaks", None),),
    ),
    "rest_between_shifts": (
        f"{UNITS}.rest", "who has worked late begins later, and nobody misses a rest", "a rest of a second",
        ((f"{UNITS}.rest", "1 s"),), ((f"{UNITS}.rest", None),),
    ),
    "feedback": (
        "response.feedback", "people whose feedback is answered in time are less strained, and stay",
        "nobody says anything",
        (("response.feedback.*.+gives", 0),), (("response.feedback", None),),
    ),
    "honours": (
        f"{UNITS}.honours", "points for hours served bring people to shifts, and firms to let them go, to a limit",
        "points change nothing",
        tuple((f"{UNITS}.honours.+{key}", 0) for key in ("attendance", "stay", "release")),
        ((f"{UNITS}.honours", None),),
    ),
    "insurance": (
        "response.insurance", "without cover, an injury keeps colleagues away",
        "an injury is not talked about, and a claim takes no time",
        (("response.insurance.+refuses", 0), ("response.insurance.+leaves", 0), ("response.insurance.takes", "0 h")),
        (("response.insurance", None),),
    ),
    "contract": (
        f"{UNITS}.contract", "before a contract is renewed its people are insecure; without renewal they go",
        "it was renewed before the beginning",
        ((f"{UNITS}.contract.+renewed", "0 h"),), ((f"{UNITS}.contract", None),),
    ),
    "household_help": (
        f"{NEEDS}.self_help.household", "somebody at home meets a need before it is a request", "nobody at home can",
        ((f"{NEEDS}.self_help.household", 0),), ((f"{NEEDS}.self_help.household", None),),
    ),
    "health_literacy": (
        f"{NEEDS}.self_help.informed", "who has heard how meets a need at home", "who has heard can do no more",
        ((f"{NEEDS}.self_help.informed.household", 0),), ((f"{NEEDS}.self_help.informed", None),),
    ),
    "neighbour_help": (
        "world.mutual_help", "neighbours with time who trust meet needs before they are requests", "nobody agrees",
        tuple((f"world.mutual_help.+{key}", 0) for key in ("agrees", "by_trust", "by_tie", "mobilised")),
        (("world.mutual_help", None),),
    ),
    "ties": (
        "world.mutual_help.by_tie", "who has helped or been introduced helps more readily", "as readily as a stranger",
        (("world.mutual_help.by_tie", 0),), (("world.mutual_help.by_tie", None),),
    ),
    "trust": (
        "world.attitudes.trust", "waiting in vain costs trust, and who trusts less helps less and complains more",
        "trust stays as it begins", (("world.attitudes.trust.moves", None),),
        (("world.attitudes.trust", None), (f"{NEEDS}.more_with.trust", None)),
    ),
    "anxiety": (
        "world.attitudes.anxiety", "who is anxious needs more", "anxiety stays as it begins",
        (("world.attitudes.anxiety.moves", None), (f"{NEEDS}.calms", 0)),
        (("world.attitudes.anxiety", None), (f"{NEEDS}.more_with.anxiety", None), (f"{NEEDS}.calms", None)),
    ),
    "compliance": (
        "world.attitudes.compliance", "who does not comply stays away when called", "everybody complies",
        (("world.attitudes.compliance", {"start": 1, "spread": None, "moves": None, "calms": None}),),
        (("world.attitudes.compliance", None), (f"{NEEDS}.more_with.compliance", None)),
    ),
    "complaining": (
        "world.complaints", "who was let down complains, which strains whoever came and spreads", "nobody complains",
        tuple((f"world.complaints.+{key}", 0) for key in ("served_late", "visit_failed", "gave_up")),
        (("world.complaints", None),),
    ),
    "complaint_desk": (
        "response.complaints", "a complaint answered in time restores trust and takes somebody's time",
        "no answer is in time", (("response.complaints.+within", "1 s"),), (("response.complaints", None),),
    ),
    "building_leaders": (
        "response.building_leaders", "who cannot ask is asked at the door", "a round in ten years",
        (("response.building_leaders.every", NEVER),), (("response.building_leaders", None),),
    ),
    "vulnerability": (
        f"{NEEDS}.rate_by_group", "residents in vulnerability groups need more, and waiting costs them more",
        "they need as much as the others, and a wait costs the same",
        tuple((f"{NEEDS}.{key}.*", 1) for key in ("rate_by_group", "deprivation.by_group")),
        tuple((f"{NEEDS}.{key}", None) for key in ("rate_by_group", "deprivation.by_group")),
    ),
    "disputes": (
        f"{NEEDS}.dispute_with", "mediation takes the time of two; what nobody settles costs trust and ties",
        "there is nobody else",
        ((f"{NEEDS}.dispute_with", "nobody"),), ((f"{NEEDS}.dispute_with", None),),
    ),
    "stigma": (
        f"{NEEDS}.stigma", "shame delays asking", "nobody is ashamed",
        ((f"{NEEDS}.stigma.share", 0),), ((f"{NEEDS}.stigma", None),),
    ),
    "leads_to": (
        f"{NEEDS}.leads_to", "a need that ends leads to another", "no need leads to another",
        ((f"{NEEDS}.leads_to.*.share", 0),), ((f"{NEEDS}.leads_to", None),),
    ),
    "clients": (
        f"{NEEDS}.clients", "standing clients have their need again and again", "nobody of the group is a client",
        ((f"{NEEDS}.clients.+share", 0),), ((f"{NEEDS_OF_CLIENTS}.+per_1000_day", 0), (f"{NEEDS}.clients", None)),
    ),
    "sessions": (
        f"{NEEDS}.sessions", "a case takes several visits, some days apart, of the worker who opened it",
        "one visit is enough",
        ((f"{NEEDS}.sessions", None),), ((f"{NEEDS}.sessions", None),),
    ),
    "by_phone": (
        f"{NEEDS}.by_phone", "what can be done on the telephone takes no way", "somebody has to go there",
        ((f"{NEEDS}.by_phone", "false"),), ((f"{NEEDS}.by_phone", None),),
    ),
    "register": (
        f"{UNITS}.register", "people are sent by what the list says, and some cannot do it or are not there",
        "the list is right, and says nothing of who is willing",
        ((f"{UNITS}.register", {"coverage": 1, "missed": 0, "overstated": 0, "stale": 0, "willing": None}),),
        ((f"{UNITS}.register", None),),
    ),
    "willingness": (
        f"{UNITS}.willing", "who is sent and not willing says no, and the request waits again", "everybody goes",
        ((f"{UNITS}.willing.share", 1),), ((f"{UNITS}.willing", None),),
    ),
    "certified": (
        f"{NEEDS}.certified", "only who is certified is sent, so requests wait for few", "no certificate is asked for",
        ((f"{NEEDS}.certified", "false"),), ((f"{NEEDS}.certified", None),),
    ),
    "without_skill": (
        f"{NEEDS}.without_skill", "who lacks the skill works longer and worse", "anybody does it as well",
        ((f"{NEEDS}.without_skill", {"slower": 1, "errors": 0}),), ((f"{NEEDS}.without_skill", None),),
    ),
    "skilled_posts": (
        f"{STATIONS}.staff.skill", "a station is manned by who has the skill, or slower and worse by who has not",
        "anybody does it as well",
        ((f"{STATIONS}.staff.skill", None), (f"{STATIONS}.staff.without_skill", None)),
        ((f"{STATIONS}.staff.skill", None), (f"{STATIONS}.staff.without_skill", None)),
    ),
    "skilled_steps": (
        f"{STEPS}.skill", "a step waits for who has the skill", "anybody does it as well",
        ((f"{STEPS}.skill", None),), ((f"{STEPS}.skill", None),),
    ),
    "sign_up": (
        f"{UNITS}.recruitment", "residents who hear that people are wanted join", "nobody is willing",
        tuple((f"{UNITS}.recruitment.+{key}", 0) for key in ("willing", "by_trust", "need_seen")),
        ((f"{UNITS}.recruitment", None),),
    ),
    "registration": (
        f"{RECRUITS}.registration", "writing people down takes time before they join", "nobody has to be",
        ((f"{RECRUITS}.registration", None),), ((f"{RECRUITS}.registration", None),),
    ),
    "certification": (
        f"{RECRUITS}.certification", "a check takes time and keeps unfit people out", "everybody is accepted at once",
        ((f"{RECRUITS}.certification", {"takes": "0 h", "rejects": 0, "detects": 0}),),
        ((f"{RECRUITS}.certification", None),),
    ),
    "training": (
        f"{RECRUITS}.training", "people join after a class, which takes teachers' time, and can do more",
        "nobody is taught",
        ((f"{RECRUITS}.training", None),), ((f"{RECRUITS}.training", None),),
    ),
    "walk_ins": (
        f"{UNITS}.walk_ins", "people who come unasked take somebody's time to receive, and then help", "nobody comes",
        ((f"{UNITS}.walk_ins.curve", [["0 h", 0]]),), ((f"{UNITS}.walk_ins", None),),
    ),
    "call_up": (
        f"{UNITS}.call_up", "people at home are called, and come hours later", "everybody says no",
        ((f"{UNITS}.call_up.+accepts", 0),), ((f"{UNITS}.call_up", None),),
    ),
    "replacement": (
        f"{UNITS}.replacement", "who leaves for good is replaced some time later, which takes somebody's time",
        "nobody is found within ten years",
        ((f"{UNITS}.replacement.delay", NEVER),), ((f"{UNITS}.replacement", None),),
    ),
    "know_how": (
        f"{UNITS}.know_how", "who was not drilled asks the leader first", "everything is explained in no time",
        ((f"{UNITS}.know_how.question", "0 h"), (f"{UNITS}.know_how.+online", "true")), ((f"{UNITS}.know_how", None),),
    ),
    "second_desks": (
        f"{NEEDS}.asks_elsewhere_after", "who waits asks at another desk too", "nobody does within ten years",
        ((f"{NEEDS}.asks_elsewhere_after", NEVER),), ((f"{NEEDS}.asks_elsewhere_after", None),),
    ),
    "shared_list": (
        "response.shared_list", "desks that share no list send two people to one need", "they share one list",
        (("response.shared_list", "true"),), (("response.shared_list", None),),
    ),
    "calendar": (
        f"{UNITS}.days", "on other days nobody of the unit is there", "every day",
        ((f"{UNITS}.days", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),), ((f"{UNITS}.days", None),),
    ),
    "attendance": (
        f"{UNITS}.attendance", "who is on the roster and does not come is missed", "everybody on the roster comes",
        ((f"{UNITS}.attendance", 1),), ((f"{UNITS}.attendance", None),),
    ),
    "lateness": (
        f"{UNITS}.late", "who comes late to a shift is missed", "nobody is late",
        ((f"{UNITS}.late.share", 0),), ((f"{UNITS}.late", None),),
    ),
    "unfamiliar": (
        f"{UNITS}.unfamiliar", "people from elsewhere lose time finding their way", "they know it",
        ((f"{UNITS}.unfamiliar.first", "0 h"),), ((f"{UNITS}.unfamiliar", None),),
    ),
    "sending": (
        f"{UNITS}.sends", "people, goods and money sent to others are missing here", "nothing is sent",
        ((f"{UNITS}.sends", []),), ((f"{UNITS}.sends", None),),
    ),
    "hand_over": (
        f"{UNITS}.hand_over", "handing over at each phase takes time from visits", "it takes a second",
        ((f"{UNITS}.hand_over", "1 s"),), ((f"{UNITS}.hand_over", None),),
    ),
    "voice": (
        f"{UNITS}.voice", "escalations of a unit with a voice in command are decided first", "it has none",
        ((f"{UNITS}.voice", "false"),), ((f"{UNITS}.voice", None),),
    ),
    "authority": (
        "response.authority", "without authority people wait at the door or at home until it is granted",
        "everything is allowed from the beginning",
        tuple((f"response.authority.*.{key}", value) for key, value in (("+granted", "true"), ("since", None))),
        (("response.authority", None),),
    ),
    "unclear_roles": (
        "response.roles", "requests wait while units that could all serve them ask the commander who is responsible",
        "the law has clear roles from the beginning",
        tuple((f"response.roles.*.{key}", value) for key, value in (("+settled", "true"), ("since", None))),
        (("response.roles", None),),
    ),
    "experts": (
        "response.experts", "advice changes the response some time after problems are reported",
        "no meeting in ten years",
        (("response.experts.every", NEVER),), (("response.experts", None),),
    ),
    "funds": (
        "response.funds", "without money paid people do not come and goods are not ordered", "there is enough",
        (("response.funds.opening", 10**12),), (("response.funds", None),),
    ),
    "donors": (
        "response.donors", "goods and money come to who asks for them, late, and asking takes time", "nobody asks",
        (("response.donors.*.asked", []),), (("response.donors", None),),
    ),
    "remote": (
        f"{UNITS}.remote", "who works from elsewhere is there through closed gates, at a desk", "they have to come",
        ((f"{UNITS}.remote", "false"),), ((f"{UNITS}.remote", None),),
    ),
    "supervised": (
        f"{UNITS}.supervised", "trainees work only as far as somebody looks after them", "one looks after 1,000",
        ((f"{UNITS}.supervised.ratio", 1000),), ((f"{UNITS}.supervised", None),),
    ),
}  # fmt: skip
