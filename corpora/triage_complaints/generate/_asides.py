"""Sentences that name another product: only who the complaint is against tells which one counts.

``<other>`` is the other product by a name of its own, ``<other_firm>`` the company behind it.
"""

# ruff: noqa: E501 - each line is one sentence
from __future__ import annotations

# Another product is mentioned, and nothing is wrong with it.
ASIDES = (
    "I [also|] have <other> [through|by way of] <name> and [that one|it] [was never a problem|is fine|has always been in order].",
    "<person> [looks after|handles] <other>, [I look after|I do] the rest.",
    "[I was|We were] [in the middle of|busy with] [something to do with|the papers for] <other> when [this|it] [came up|happened].",
    "<rep> asked me about <other>, which has [nothing|not a thing] to do with [this|it].",
    "I had to borrow from <kin> to keep up <other> [in the meantime|through the summer|while they took their time].",
    "[At first|For a while] I [thought|assumed] the trouble [came from|was with] <other>, [it was not|I was wrong].",
    "[Everyone|The man] at <other_firm> was [kind|helpful] and [looked|checked], the mistake was not on their side.",
    "I [asked|checked with] <other_firm> [too|first] and they [found|said] [nothing is wrong|all is well] with <other>.",
    "Everything [else|] [I have|in my name], <other> [included|for example], is [paid|in good standing].",
    "My cousin had [the same|something like it] happen with <other> [last year|and got it fixed in a day].",
    "If <other_firm> can [fix|correct] [a mistake|an error] [about|on] <other> in [two days|one call], why [can they not|not here]?",
    "I once had [a small|some] [mix up|trouble] with <other> in <date>, [that|it] was [cleared up|settled] [quickly|long ago].",
    "Because of this I [got into trouble|had problems] with <other> [as well|too].",
    "All this [hurts|puts at risk] <other> [as well|too], [through no fault of|which is not the doing of] <other_firm>.",
    "[They|At one point they] [mixed|confused] it [up|] with <other>, which is [separate|a different matter].",
    "[I cannot|Now I cannot] [apply for|get] <other_new> [until|before] this is [cleared|fixed].",
    "[I was|We were] [hoping|planning] to [apply|sign up] for <other_new> [this|next] [spring|year].",
    "[One|The] [person|agent] [kept|went on] talking about <other>, I [said no|told him that is not it].",
    "I [moved|switched] <other> to <name> [years ago|in <date>], [and I am|I am] glad I did.",
    "<other_firm> even wrote a [letter|note] [for me|saying that <other> is in order].",
    "The only other [thing|account] [in my name|I have] is <other>.",
    "After <trouble> I kept <other> and gave up [the rest|a lot else].",
    "[My|The] statement for <other> [came|arrives] in the same [envelope|mail], [so|and] I [looked|had to look] [twice|closely].",
)  # fmt: skip

# The same where the other product is a credit report.
BUREAU_ASIDES = (
    "I [looked at|checked] <other> to see if [it|this] [shows there|had done any harm], [so far it had not|and the rest there is clean].",
    "[I am afraid|I worry] [it|this] will [end up|show] on <other> [next|soon].",
    "<person> [says|thinks] I should [watch|freeze] <other> [until this is over|just in case].",
    "[I have worked|It took me years] [hard|] to [build|clean up] <other>, [and now this|I will not let them ruin it].",
    "<rep> asked about <other>, which has [nothing|not a thing] to do with [this|it].",
    "[The people|A lady] at <other_firm> said they can [do nothing|only note it], [it is|this is] not [theirs|up to them].",
    "[My score|The score on <other>] was [over|around] [700|740|780] before [all of this|any of it].",
    "[I disputed|I once disputed] something on <other> in <date>, that was [a different matter|fixed in a month].",
)  # fmt: skip

# The same where the other product is a debt in collections.
COLLECTOR_ASIDES = (
    "I [am|was] [afraid|worried] [they will|that they would] send [it|me] to [collections|a collector] [next|].",
    "I [paid|settled] <other> [long ago|in <date>] and [have been careful|owe nobody] since.",
    "[Years ago|In <date>] I [had to deal|dealt] with <other_firm>, [that was|it was] [settled|closed] and has nothing to do with this.",
    "<rep> [brought up|asked about] <other>, which is [separate|a different matter].",
    "[They|<rep>] threatened [to turn me over to|me with] a collection agency [if I complain|over their own mistake].",
    "[At first|For a day] I thought the letter came from <other_firm>, [it did not|I was wrong].",
)  # fmt: skip

# Both are named; the sentence itself says which of them the complaint is about.
CONTRASTS = (
    "[This|My complaint] is [about|over] <thing>, not [about|over] <other>.",
    "[This|My complaint] is not [about|over] <other>, [it is about|but about] <thing>.",
    "There are two things I [deal with|have to sort out], <other> and <thing>; the [first|former] is [fine|in order], the [second|latter] is [the problem|why I write].",
    "There are two things I [deal with|have to sort out], <thing> and <other>; the [first|former] is [the problem|why I write], the [second|latter] is [fine|in order].",
    "It is <thing> that [went|is] wrong; <other> I only mention because [both came up in one call|it came to light there].",
    "I have [asked|written] about both <other> and <thing>, and only the [last one|latter] [is still a mess|was not solved].",
    "I have [asked|written] about both <thing> and <other>, and only the [first one|former] [is still a mess|was not solved].",
    "I [got|had] <other> [straightened out|in order] with no trouble, then came <thing>, and [there it|that] went wrong.",
    "Please do not [file|put] this under <other>: what I complain of is <thing>.",
    "[Somebody|The last person] [filed|put] my [last|first] complaint under <other> by mistake, it belongs under <thing>.",
    "<other_firm> did [its|their] [part|job] [with|on] <other>; <firm> did not, [with|on] <thing>.",
    "[I have no complaint|I am happy] about <other>, I am [not happy|unhappy] with <thing>.",
    "I am [unhappy|not happy] with <thing>, and [I have no complaint|fine] about <other>.",
    "[They thought|The agent thought] I meant <other>, [but|and] what I [dispute|complain of] is <thing>.",
    "[I meant|What I complain of is] <thing>, [but they|the agent] [kept|went on] looking at <other>.",
    "[What|The one that] [hurts|I fight with] is <firm>; <other_firm> only [passed on|did] what it was told.",
    "I do not blame <other_firm>, [I blame|the fault is with] <firm>.",
    "[I blame|The fault is with] <firm>, I do not blame <other_firm>.",
    "Instead of <other>, which they were [supposed|meant] to [look at|correct], they [looked at|broke] <thing>.",
    "<thing> is what they [touched|changed], <other> they [left alone|did not touch].",
    "<other> they [left alone|did not touch], <thing> is what they [touched|changed].",
    "[With|As for] <other> they [helped|were quick], with <thing> they [did not|are not].",
    "With <thing> they [did not help|are useless], [with|as for] <other> they [did|are quick].",
)  # fmt: skip

# Both are named, and what the trouble is with comes last or first.
LEADS = (
    "I was dealing with <other> when the trouble with <thing> [began|came on top].",
    "The trouble with <thing> [began|came] while I was dealing with <other>.",
    "After <other> was [settled|out of the way] [it was|they started on] <thing>.",
    "Before <other> [is|can be] [settled|looked at] <thing> [must|has to] be [put right|fixed].",
    "First <other_firm> [sent|referred] me to <firm> [about|over] <thing>.",
    "I [called|wrote to] <other_firm> by mistake, they told me it is <firm> I need.",
    "I called about <other> and they [turned to|brought up] <thing>, which [I knew nothing of|is where it went wrong].",
)  # fmt: skip
