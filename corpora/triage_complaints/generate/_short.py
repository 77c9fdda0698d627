"""Complaints of a few words: some say what it is about, some could be about anything."""

from __future__ import annotations

# ``<topic>`` names the product.
TOLD = (
    "<topic> people [never|do not|won't] [answer|help|call back|listen]",
    "[fraud|error|mistake|lies] [on|with|about] my <topic>",
    "[they|<name>] [closed|took|lost|messed up|ruined] my <topic>[| and will not say why]",
    "[please|pls] [fix|check|look at|correct] my <topic>",
    "[wrong|false] [amount|information|balance|name] on <topic>",
    "<topic> [not|still not] [fixed|corrected|working|resolved] [since <date>|after <span>]",
    "[I want|give me] my [money|refund] back <topic> [scam|thieves|<name>]",
    "[problem|trouble|issue] with <topic> [<name>|XXXX|since <date>]",
    "[charged|billed] <small> [for nothing|twice], <topic>",
    "[no|never got any] [answer|reply|help] from <name>, <topic>",
    "[do not|dont] [trust|use] <name> for your <topic>",
    "[someone|thief] used my <topic> [<n> times|again|XXXX]",
    "<topic> [dispute|claim|case] [denied|ignored|closed] [<times>|again|XXXX]",
    "<firm> [is lying|lied to me|hung up on me|ignores me] [<times>|again]",
    "[cannot|can't] [get into|reach anyone about|see] my <topic> [since <date>|for <span>|anymore]",
    "[not my|I never had this] <topic> [at <name>|in <year>|, remove it]",
    "[update|correct|delete] this <topic> [item|entry|record] [per|under] [the law|15 USC 1681|my rights]",
    "<topic>: [see|look at] [attached|documents|letter] [of <date>|XXXX|from <name>]",
)

# Nothing here tells the product: even a person would have to ask back.
UNTOLD = (
    "[please|pls|kindly] [help|call|write to] [me|us] [with this|about this|again|soon|XXXX]",
    "[see|read|look at] [attached|the attached letter|my documents|enclosed papers|my last complaint XXXX]",
    "[they|these people] [lied|cheated|stole from me|never answer] [<times>|in <year>|again|<name>]",
    "[same|exact same] [problem|issue|company] [as|like] [before|last year|in <date>|complaint XXXX]",
    "<name> [will not|wont|does not] [answer|call back|respond|help] [<times>|since <date>|at all]",
    "[I want|we want] [answers|justice|a refund|<small> back] [from <name>|now|today|before <date>]",
    "[not|nothing was] [resolved|done|answered] [after <span>|since <date>|by <name>|XXXX]",
    "[worst|terrible|horrible] [service|company|treatment] [ever|by <name>|since <year>|from start to end]",
    "[amount|number] [is|was] [wrong|not right|off by <small>] [again|on <date>|XXXX]",
    "[second|third|fourth|fifth] [request|complaint|try], [no answer|still nothing|nobody reads them|XXXX]",
    "[you|they] [closed|ended] my [case|complaint] [too soon|by mistake|without reading|XXXX]",
    "[what|why] [is|was] [this|the] [charge|letter|amount] [of <small>|dated <date>|from <name>]",
    "[n/a|none|see above|as stated] [XXXX|<date>|thank you|per <name>]",
    "[scam|fraud|rip off] [alert|company|people] [<name>|in XXXX|since <year>|]",
    "[stop|make them stop] [this|it] [please|now|before <date>|<name>]",
)
