"""Troubles that many products share: only the name of the product tells them apart."""

# ruff: noqa: E501 - each line is one sentence
from __future__ import annotations

from triage_complaints.generate._issue import Issue

_CARDS = ("Credit card", "Bank account", "Prepaid card")
_LOANS = ("Mortgage", "Student loan", "Vehicle loan", "Payday loan")
_BUREAU = ("Credit reporting", "Debt collection")
_EVERY = (*_CARDS, *_LOANS, *_BUREAU, "Money transfer")

# Which products know which trouble.
SHARED_BY: dict[str, tuple[str, ...]] = {
    "Identity theft": _EVERY,
    "Rude or unhelpful staff": _EVERY,
    "Unexpected fees": (*_CARDS, *_LOANS, "Money transfer", "Debt collection"),
    "Closed without notice": (*_CARDS, "Money transfer"),
    "Wrong balance": (*_CARDS, *_LOANS, "Debt collection"),
    "Dispute or claim not answered": _EVERY,
    "Payment not credited": ("Credit card", *_LOANS, "Debt collection"),
    "Misled or promise broken": _EVERY,
    "Website, app or login": _EVERY,
    "Privacy and wrong recipient": _EVERY,
    "Double or unauthorized debit": (*_CARDS, *_LOANS, "Money transfer", "Debt collection"),
    "Application refused": ("Credit card", "Bank account", *_LOANS),
    "Reported wrongly by the company": ("Credit card", "Bank account", *_LOANS, "Debt collection"),
    "Estate, power of attorney or elderly customer": (*_CARDS, "Mortgage", "Student loan", "Vehicle loan",
                                                      "Debt collection", "Credit reporting"),
    "Hardship and payment plan": ("Credit card", *_LOANS, "Debt collection"),
    "Paperwork and letters": _EVERY,
}  # fmt: skip

SHARED: dict[str, Issue] = {
    "Identity theft": Issue(
        lead=(
            "[Someone|A stranger|A thief] [opened|took out|applied for] <new> in my name [at|with] <name>, [I found out|I learned of it] [from a letter|when a bill came|<when>].",
            "[I got|There was] [a welcome letter|a statement|a past due notice] from <name> for <new> [I never asked for|that I know nothing about].",
            "My [identity|information] was stolen [in|after] [a breach|a burglary|a phishing email] and [used|misused] at <firm> to get <new>.",
            "<firm> [believes the thief over me|thinks I did it myself], [even with|despite] [a police report|an FTC affidavit] [about|over] <new>.",
        ),
        more=(
            "[I was|They told me to be] patient [while|until] the fraud team [looks|looked] at it, [that was|it has been] <span> [ago|].",
            "[The phone|The email] on [the application|their record] is not [mine|one I ever had].",
            "I [filled|made] out the fraud packet [and had it notarized|], [they lost it|they want another].",
            "[I never gave|At no time did I give] anyone [permission|the right] to [use|sign] my name.",
            "[A detective|An officer] [took|has] my statement, [case|report] number XXXX.",
        ),
    ),
    "Rude or unhelpful staff": Issue(
        lead=(
            "[The way|It is how] I was [treated|spoken to] by <firm> [about|over] <thing> [is|was] <bad>.",
            "[Every|Any] time I [call|ask] about <thing> I get [a different story from|another excuse from|hung up on by] <firm>.",
            "<rep> at <firm> [laughed at me|talked over me|called me a liar] [when|because] I [asked|had a question] about <thing>.",
            "[I have|I've] been [transferred|passed] to <n> departments [at|by] <firm> [over|for] a [simple|plain] question [about|on] <thing>.",
            "It is impossible to [talk to|reach] a [human|real person] at <firm> about <thing>[| unless you wait <hold>].",
        ),
        more=(
            "[She|He] [told|ordered] me to [calm down|learn to read|hire a lawyer], [imagine|can you believe] that.",
            "[The supervisor|A supervisor] [was always|is always] [in a meeting|busy|out].",
            "[They|The call center] [cannot|could not] [understand a word I said|find my case], and the line [dropped|went dead].",
            "I [wrote|took] down [every name|the names] and the times.",
            "[Nobody|No one there] [owns the problem|takes responsibility].",
            "I have been a [loyal|good] customer [for years|for ten years|since 2009].",
        ),
    ),
    "Unexpected fees": Issue(
        lead=(
            "<firm> [charged|billed|took] [a fee|fees] of <small> [on|for] <thing> that nobody ever [disclosed|mentioned].",
            "[I see|There is] [a new|some kind of] [fee|charge] of <small> [each month|every month] on <thing> and <firm> [cannot|will not] say [what it is|why].",
            "[The fees|Fees] on <thing> [have added up|now come] to <big>, [more than|nearly] what [it was|I had] [about|] in the first place.",
            "[I asked|I begged] <firm> to [take off|refund] [a|the] <small> [late|service|processing] fee on <thing> that came from their own [mistake|outage].",
        ),
        more=(
            "[The brochure|What I signed] [says|said] no [hidden|extra] [costs|fees].",
            "[They call it|It is called] [a convenience|an administrative|a processing] [fee|charge].",
            "[One|The first] was [refunded|waived], [then|and then] [it came|they put it] back.",
            "A fee for paying, [what next|really]?",
            "[The fee|This fee] is [bigger|higher] than the [payment|charge] [itself|].",
        ),
    ),
    "Closed without notice": Issue(
        lead=(
            "<firm> [closed|cancelled|shut] <thing> without [a word|explanation|any letter] and [will not|refuses to] [say|tell me] why.",
            "[I tried|I went] to use <thing> and [I was told|it said] it had been closed [by|on orders of] <firm>.",
            "[A letter|One line in an email] from <firm> [says|said] <thing> is [terminated|closed] [for|due to] [a business decision|risk].",
            "<firm> closed <thing> [by mistake|in error], [admits it|they admit it], [and|but] [cannot|will not] open it again.",
        ),
        more=(
            "[I did|I have done] nothing [wrong|unusual], [same|the same] [deposits|use] as [ever|always].",
            "[I asked|I would like] for the [real|] reason [in writing|].",
            "They still owe me <small> [from|out of] it.",
            "Opening another one somewhere else [took|cost me] [a week|days].",
            "[Decisions|What they decide] of the risk [department|team] cannot be [questioned|appealed].",
        ),
    ),
    "Wrong balance": Issue(
        lead=(
            "[The balance|What they say I owe] on <thing> is [wrong|off by <small>], <firm> [will not|cannot] [show|explain] [the math|how they got it].",
            "<firm> shows <big> on <thing>, [by my own count it is|my records show] <small>.",
            "[Each|Every] statement [for|of] <thing> has a [different|new] [balance|total] [and|, though] I [changed|did] nothing.",
            "[I sent|I gave] <firm> [proof|<paper>] that the [amount|figure] on <thing> is wrong [<times>|] and [it is still not fixed|they did not fix it].",
        ),
        more=(
            "[A payment|One payment] of <small> from <date> is [not in it|missing].",
            "[The numbers|Figures] [online|in the app] and [on paper|by phone] [never|do not] [agree|match].",
            "[An accountant|My accountant|My daughter, who keeps books,] [went over|checked] it [and|, she] [agrees with me|cannot make sense of it].",
            "[They|Someone] [adjusted|corrected] it [once|one time], [the wrong way|upward].",
            "How [can|could] anyone [pay|trust] a [number|sum] that [changes|moves]?",
        ),
    ),
    "Dispute or claim not answered": Issue(
        lead=(
            "I [filed|opened] a [claim|dispute|case] with <firm> [about|over] <thing> <when>, [nobody|no one] [has answered|got back to me] [in <span>|since].",
            "<firm> [closed|denied] my [claim|dispute] [about|on] <thing> without a [reason|look at what I sent].",
            "[I have|There are] <n> [case|reference] numbers [from|with] <firm> [about|for] <thing>, [none|not one] [of them|] [leads anywhere|was worked on].",
            "[They|<firm>] promised [a decision|an answer] on my [dispute|claim] [about|over] <thing> <soon>, that was <span> ago.",
        ),
        more=(
            "[I <sent>|I have <sent>] <paper> [and|plus] <paper> [with it|].",
            "[The letter|The answer] [does not|doesn't] [speak to|mention] [one|any] [point|thing] I [raised|wrote].",
            "[The|My] claim [form was lost|was closed by mistake], [so I had to start over|start over, they said].",
            "[It is|They say it is] with [the back office|research], who [cannot be called|do not take calls].",
            "[I am|I was] told to [wait|give it] [ten|another ten|30] [more|] days, [again|for the third time].",
        ),
    ),
    "Payment not credited": Issue(
        lead=(
            "I [made|sent] a payment of <small> [on|toward] <thing> <when> and <firm> did not [credit|post] it.",
            "[My bank|The bank] [shows|proves] <firm> [cashed|received] my payment for <thing>, [they|and they] [say it is not there|claim they have nothing].",
            "<firm> [applied|put] my payment [for|on] <thing> to [somebody else's|another] account [and|, then] [charged|billed] me [a late fee|as late].",
            "[Three|Two] [payments|checks] [for|on] <thing> are [lost|missing], <firm> [wants|asks] me to pay [again|twice].",
        ),
        more=(
            "[I have|Here is] the [trace|confirmation] number, [they|and they] [want|need] [a letter|something else].",
            "[The check|It] [cleared|was cashed] on <date>, [front and back|copies of both sides] [attached|were sent].",
            "[I paid|So I paid] [again|a second time] [to be safe|so it would not go late] [and|, now] [that one|the other] is [missing too|gone].",
            "[Payment|The payment] [research|posting] takes [thirty|60] days, [I hear|they say].",
            "I have used the same [bill pay|address] for [years|<n> years].",
        ),
    ),
    "Misled or promise broken": Issue(
        lead=(
            "<rep> at <firm> [promised|told] me [one thing|something] about <thing> and [then|] [the opposite|something else] [happened|was done].",
            "I was [misled|lied to] by <firm> [about|when it comes to] <thing>: [I was told|they said] [no cost|it would be fixed|nothing would change], [and|but] [look|it was not so].",
            "What <firm> [offered|described] [for|on] <thing> is not what [I got|came].",
            "<firm> [gave|made] me [a written|a] promise [about|on] <thing> [<when>|], [now|today] [nobody|no one] [knows|has heard] of it.",
        ),
        more=(
            "[The call|That call] was [recorded|on a recorded line], [play it|they should play it back].",
            "[I have|I kept] the [email|chat], [with|it has] [her|the] name and [the|] time.",
            "[The next|Another] person said [she|he] should never have [said|promised] that.",
            "[Bait|It is bait] and switch, [plain|pure] and simple.",
            "I [made plans|based decisions] on [what they said|their word].",
        ),
    ),
    "Website, app or login": Issue(
        lead=(
            "I [cannot|have not been able to] [log in to|see] <thing> [online|in the app] [since|after] [the update|<date>], <firm> [sends|keeps sending] codes to [an old phone|a number I lost].",
            "[The website|The app] of <firm> [shows|gives] [an error|a blank page] [when|each time] I [try|want] to [look at|open] <thing>.",
            "<firm> changed [its|the] [system|website] and [now|since then] <thing> [is not there|shows nothing|says not found].",
            "[I was|I am] locked out [of|from] <thing> [over|because of] [a name change|too many tries|a new phone], [and|] <firm> [cannot|will not] [reset|help].",
        ),
        more=(
            "[I tried|I have tried] [three|two] browsers, [my laptop|a tablet] and the library computer.",
            "[They|Tech support] [told|said] me to [clear|delete] [the|my] cookies, [thanks|no help].",
            "[The code|A code] [comes|arrives] after it has [expired|run out].",
            "[Everything|All] is online now, [there is|with] no [office|branch] [to go to|near me].",
            "I am [72|68|81] [years old|] and not [good|great] with [this|computers].",
        ),
    ),
    "Privacy and wrong recipient": Issue(
        lead=(
            "<firm> [sent|mailed] my [statement|papers] [about|for] <thing> to [a stranger|my ex|the wrong address].",
            "[I can see|I got] [another person's|somebody else's] [papers|name and social] when I [opened|asked about] <thing> [at|with] <firm>.",
            "<firm> [shared|sold|leaked] my [information|social security number], given to them for <thing>, [and now|and] [scam|spam] calls [come every day|started].",
            "[A breach|The breach] at <firm> [exposed|put out] [everything|my data] [about|on] <thing>, [I was told|they wrote to me] [eight|five] months later.",
        ),
        more=(
            "[They offered|I was offered] a year of [free|] monitoring [as if that helps|and no more].",
            "[My ex|The stranger] now [has|knows] [my|the] [address|balance].",
            "[Nobody|No one] [said|would say] [sorry|who did it].",
            "[I asked|I told] them <times> to [fix|correct] the address.",
            "[Privacy|My privacy] [means|is worth] [nothing|little] [to them|there].",
        ),
    ),
    "Double or unauthorized debit": Issue(
        lead=(
            "<firm> [took|drew|debited] <small> twice [for|on] <thing> [in|within] [one|the same] [day|week].",
            "[I turned|I had turned] off [autopay|automatic payments] [for|on] <thing> and <firm> [took|pulled] <small> [anyway|regardless].",
            "[A debit|An amount] of <big> [instead|in place] of <small> [was|got] [taken|drawn] by <firm> for <thing>.",
            "<firm> [changed|moved] [the|my] [date|draft date] [for|of] <thing> and [took|pulled] the money [before|two days before] [I got paid|payday].",
        ),
        more=(
            "[That|This] [caused|started] [a chain of|] [overdrafts|returned checks].",
            "[They said|I was told] [five|ten] days to [return|reverse] it, it is not back yet.",
            "I never signed up for [that|automatic anything].",
            "[The second|The extra] one was [not|never] [on|in] any [bill|agreement].",
            "[It was|This was] [the|my] money for <need>.",
        ),
    ),
    "Application refused": Issue(
        lead=(
            "I [applied|asked] for <new> [at|with] <name> and [was|got] [denied|turned down] for [a reason that is not true|no clear reason].",
            "<firm> [approved me for|said yes to] <new>, [then|and days later] [took it back|cancelled it].",
            "[My application|An application] for <new> [sits|has been sitting] with <firm> for <span>, [always|and always] [one more|another] [paper|document].",
            "[They refused|<firm> refused] me <new> [because|as] [my|a] [name|address|visa] [could not be|was not] [verified|good enough].",
        ),
        more=(
            "[I make|I earn] [good money|<income> a year] and [owe|have] [nothing|no debts].",
            "[The letter|Their letter] [gives|lists] [four|three] [reasons|codes], [none|not one] [fits|is true].",
            "[I feel|I think] it has to do with my [age|accent|zip code|last name].",
            "They ran my credit [twice|] for nothing.",
            "[A friend|My coworker] with [worse|lower] [credit|income] got [it|one].",
        ),
    ),
    "Reported wrongly by the company": Issue(
        lead=(
            "<firm> [reported|is reporting] <thing> as [late|charged off|past due] to the credit bureaus, [which|and that] is [not true|wrong].",
            "[Because of|Thanks to] <firm> my [score|credit score] [fell|dropped] [70|95|110|over 80] points: [they|it] [put|shows] a late [mark|payment] [for|on] <thing> [I never had|in error].",
            "<firm> [will not|refuses to] [correct|fix] what it [tells|reports to] the bureaus about <thing>.",
            "[The bureaus|All bureaus] [tell|told] me <firm> [verified|confirmed] the [late payment|balance] on <thing>, [but|and] <firm> [tells|told] me [it was removed|there is none].",
        ),
        more=(
            "[I disputed|I already disputed] [it|this] with [all three|the bureaus], [it|this] [has to|must] be fixed [at the source|by them].",
            "[My goodwill letter was refused|I wrote a goodwill letter and got no answer].",
            "[I was|We were] [about|trying] to [buy|rent] a [house|place], [it|this] [ruined|stopped] that.",
            "The month in question [was paid early|is when they had the outage].",
            "A furnisher [must|has to] be [accurate|right], [I read|so says the law].",
        ),
    ),
    "Estate, power of attorney or elderly customer": Issue(
        lead=(
            "<relative> [died|passed away] in <date> and <firm> [will not|refuses to] [deal with|talk to] me about [the account|<thing>], [although|though] I am the [executor|administrator].",
            "I [hold|have] power of attorney for <relative> and <firm> [does not|will not] [accept|honor] it [for|on] <thing>.",
            "<firm> [took advantage|is taking advantage] of <relative>, [who has dementia|whose memory is failing], [with|over] <thing>.",
            "[They keep|<firm> keeps] [writing|sending mail] to <relative>, [dead|gone] for <span>, about <thing>.",
        ),
        more=(
            "[The death|A death] certificate was [sent|faxed] <times>.",
            "[Their|The] estate [unit|department] never calls back.",
            "The [court papers|letters of administration] were [two|three] months old, [they want|now they need] [new|fresh] ones.",
            "It is [hard|painful] enough [without this|to lose someone without this].",
            "[She|He] [does not|did not] [understand|know] what was signed.",
        ),
    ),
    "Hardship and payment plan": Issue(
        lead=(
            "[After|Because of] <trouble> I [asked|turned to] <firm> for [help|a payment plan] [on|with] <thing> and [was refused|got nothing].",
            "I [had|made] [an arrangement|a plan] with <firm> [for|on] <thing>, [kept it|paid every time], and they [broke|ended] it [anyway|].",
            "<firm> [wants|demands] <big> [at once|all at once] on <thing>, I [offered|can pay] <small> a month [since|after] <trouble>.",
            "[I am|We are] [behind|struggling] [on|with] <thing> [since|because of] <trouble>, [and|] <firm> [only|just] [makes|made] it worse.",
        ),
        more=(
            "[I am not|Not] [asking|looking] for [charity|a gift], [only|just] [time|a way to pay].",
            "[They said|I heard] [help|a program] was [there|available], when I [asked|called] it [was gone|had ended].",
            "[I sent|They got] [pay stubs|a hardship letter] and <paper>.",
            "[I have|We have] [never|not once] [missed|been late] before [this|that].",
            "[Good faith|I paid in good faith and it] [counts|counted] for nothing.",
        ),
    ),
    "Paperwork and letters": Issue(
        lead=(
            "I [asked|have asked] <firm> for [a copy|copies] of [the papers|my records|everything] [on|about] <thing> <times>, [and|] [nothing|no copy] [came|was sent].",
            "I get [confusing|contradicting] letters from <firm> about <thing>, [two on the same day|one saying yes and one saying no].",
            "<firm> [lost|cannot find] [my|the] [papers|file] [for|on] <thing> and [wants me|says I have] to [send|do] [it all|everything] again.",
            "[A tax form|A 1099] [for|about] <thing> [is wrong|was never sent], <firm> [will not|does not] [correct|reissue] it.",
        ),
        more=(
            "The fax [number|machine] they gave me [is|was] [disconnected|busy all day].",
            "[Please|They ask me to] allow seven to [ten|fifteen] [business|] days, [each|every] time.",
            "The letter is [dated|marked] <date>, [it came|and reached me] [three|four] weeks later.",
            "[I have|I keep] a [folder|binder] [an inch|two inches] thick.",
            "[No signature|There is no signature], [no|and no] phone number, [no|not even a] name [on it|].",
        ),
    ),
}
