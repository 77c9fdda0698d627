"""Stories about credit cards and prepaid cards."""

# ruff: noqa: E501 - each line is one sentence
from __future__ import annotations

from triage_complaints.generate._issue import Issue

CREDIT_CARD: dict[str, Issue] = {
    "Problem with a purchase shown on your statement": Issue(
        lead=(
            "I disputed a charge of <big> from <seller> on <thing> [because|since] [the goods never came|the service was never given|what came was broken], [and|but] <firm> [sided with the merchant|closed it in the merchant's favor].",
            "<seller> [charged|billed] <thing> <n> times for [one|the same] [order|booking], and <firm> [credited|gave back] [only one|nothing].",
            "[I cancelled|I sent back] [everything|my order] from <seller> [in time|within the policy] and [the refund|the credit] of <big> never [posted to|showed on] <thing>.",
            "<firm> gave me a temporary credit [for|on] a [disputed|] charge from <seller>, then [took it back|reversed it] [<span> later|without a word], [and|] added interest [too|on top].",
            "[The chargeback|My chargeback] [against|over] <seller> was [denied|lost] because [I missed|they say I missed] a [deadline|letter] that <firm> [sent to an old address|never sent].",
            "I [was|got] charged <fee> a month by <seller> on <thing> [long after|although] I [cancelled|ended it], and <firm> [calls it a valid subscription|says it cannot stop it].",
        ),
        more=(
            "The merchant [has|sent in] [nothing|no signature, no tracking], [only|just] [a screenshot|an invoice with a wrong name].",
            "[I paid|I am paying] interest on [money|something] I [do not owe|never got].",
            "[Under the Fair Credit Billing Act I have|The Fair Credit Billing Act gives me] sixty days, [and|] I [wrote|disputed it] on day [eleven|nine|four].",
            "[I gave|They have] <paper>, <paper> and the [tracking|cancellation] [number|email].",
            "[A chargeback|The dispute department] is [the whole reason|why] I [use plastic|put it on credit] [in the first place|].",
            "[Two weeks|A month] later the [charge was put back on|amount was rebilled].",
        ),
    ),
    "Unauthorized charges on the card": Issue(
        lead=(
            "[Someone|A thief] [used|ran up] <big> on <thing> [at|with] <seller>, and <firm> [says the chip was used|insists I made it|will not remove it].",
            "[I got|There came] [a fraud text|an alert] [about|for] <big> at <seller>, I [answered|replied] NO, and [it went through anyway|<firm> let the charge post to <thing>].",
            "<n> [charges|purchases] [I did not make|that were not mine] [hit|showed up on] <thing> <when>, [all from|from] <seller>.",
            "[My wallet|The card] was [stolen|taken] [on a trip|at the gym] and [before I noticed|within the hour] <big> was [charged|put] on <thing>; <firm> [took off some of it|denied the claim].",
            "[A new card|A replacement] for <thing> was [mailed|sent] to [a wrong address|my old house], [somebody|and someone] activated it and [spent|charged] <big>.",
        ),
        more=(
            "[The card|It] [never left|was in] my [wallet|purse|desk drawer].",
            "[My liability|The most I can owe] is fifty dollars [by law|], [not|and not] <big>.",
            "They [ask|asked] me to [prove|show] I [was not there|did not do it], how [do you|does one] do that?",
            "[I was|I can show I was] at [work|my daughter's recital|a funeral] [in another city|] [that day|at that hour].",
            "[The signature|The delivery address] on the [order|receipt] is [somebody else's|a stranger's].",
            "[The zero liability|The promise of zero liability] they [advertise|brag about] [is worth nothing|turns out to be a slogan].",
        ),
    ),
    "Rewards, bonus or promotion not honored": Issue(
        lead=(
            "I opened <thing> for the [sign up|welcome] bonus of [60,000|50,000|75,000|80,000] points, [spent|put] <big> [on it|] [in three months|in time], and <firm> [says I do not qualify|will not post it].",
            "[My points|All my points|<big> in cash back] [vanished|were wiped out|expired] when <firm> [closed|converted|merged] <thing>.",
            "<firm> [offered|sent me an offer of] zero percent for [twelve|fifteen|18] months on <thing>, [and then|but] charged [full interest|interest from the first day].",
            "[The balance transfer|A balance transfer] to <thing> was [supposed to|promised to] be at [0|1.99] percent with [no|a small] fee, [the statement shows|I was billed] <small> and a rate of [24|27|22] percent.",
            "[The statement credit|The travel credit] that [comes with|is part of] <thing> was [refused|not given] because [of how the merchant is coded|they changed the terms].",
        ),
        more=(
            "[The chat agent|An agent in the chat] [confirmed|wrote] that I [would get|was eligible for] it, [I have|and I saved] the [transcript|chat].",
            "The [fine print|terms page] was [changed|edited] [after|since] I [applied|signed up].",
            "[I paid|They did not forget to bill] the annual fee of <mid> [for this|, of course].",
            "[They count|It turns out they count] only [some|certain] purchases, [which|and that] is [nowhere|not] on the [mailer|offer].",
            "[I would not|I'd never] have [applied|opened it] [otherwise|without the offer].",
            "[Points|Miles] are [worth|] real money [to me|], I [was saving|saved] them for [two years|my parents' trip].",
        ),
    ),
    "Interest and late fees on the card": Issue(
        lead=(
            "I pay <thing> in full [every month|each cycle], [but|yet] <firm> [charged|hit me with] [residual interest|interest of <small>|a finance charge] [this time|on the last statement].",
            "[The APR|The interest rate] on <thing> [jumped|went] from [14|16|11] to [29|27|31] percent [with no notice|because I was one day late].",
            "<firm> [charged|added] a late fee of <fee> to <thing> [although|even though] [I paid on the due date|the payment was scheduled|their site was down that evening].",
            "[The minimum payment|My minimum] on <thing> [doubled|is never enough], and [over the limit|late] fees [push|pushed] [the balance|it] [over|past] the limit [each month|].",
            "<firm> [moved|changed] the due date [of|on] <thing> [without telling me|] and then [counted|treated] my payment as late, [fee and all|with a fee and a mark on my credit].",
        ),
        more=(
            "I [have|had] autopay [on|set] for the [full|statement] balance, [so|and] [how can it be late|it failed on their side].",
            "[The grace period|My grace period] was [taken away|lost], [whatever that means|nobody could say why].",
            "[They waived|They did waive] one [fee|charge] and [added another|charged it] again.",
            "[I owe|The balance is] [next to nothing|<small>], [the fees|and the charges] are more than [what I bought|that].",
            "[Trailing interest|This trailing interest] is [a trick|not explained] [on the statement|anywhere].",
        ),
    ),
    "Application or credit limit": Issue(
        lead=(
            "I [applied|sent an application] for [a|a new] credit card with <name> and was [denied|declined] [for|because of] [too many accounts|an address they cannot verify|a reason that makes no sense], [with|despite] a score of [790|760|742|801].",
            "<firm> [cut|slashed|lowered] the limit on <thing> from <big> to <small> [for no reason|after I paid it down], [so|and] my [utilization went up|score suffered].",
            "[I was preapproved|They invited me] for [the|a] card [by mail|online], [then|and] [they|<firm>] [denied|refused] [me|it] [after|once they had] a hard pull.",
            "[The secured card|I paid a deposit of <small> for a secured card] [and|but] <firm> [kept the deposit|never sent my deposit back] [after|when] [I closed it|it was upgraded].",
        ),
        more=(
            "[My income is stable|I earn enough and have no debt], they [never asked|did not ask] for proof.",
            "[The denial|The adverse action] letter [lists|gives] a reason that is [simply|] [not true|made up].",
            "[Reconsideration|The reconsideration line] [read|just read] the [same|] [letter|script] [to me|].",
            "A hard inquiry for [nothing|an offer that was never real] [stays|remains] two years.",
        ),
    ),
    "Card account closed or payment trouble": Issue(
        lead=(
            "<firm> closed <thing> after [twenty|eleven|nineteen] years [because I did not use it|claiming inactivity|because of something on my credit], [and I lost the history|and my score dropped|which hurts my credit age].",
            "[I asked|I called] to close <thing> [in|on] <date>, [and|but] [they kept charging|I am still billed] the annual fee of <mid>.",
            "[My payment|A payment of <big>] to <thing> was [returned|held for ten days|put on another customer's card], and <firm> [shows me past due|says I did not pay].",
            "I overpaid <thing> by <big> [by mistake|] and <firm> [will not|does not] [send|return] the [credit balance|overpayment] [to my bank|].",
        ),
        more=(
            "[A refund check|The check] was [mailed|promised] <span> ago and [never came|did not arrive].",
            "[The routing|The account] number [they have|on file] is [old|wrong], which I [corrected|fixed] in <date>.",
            "[Twenty|All those] years [of on time payments|as a customer] [count for nothing|mean nothing to them].",
            "They [want|ask for] a [bank statement|letter from the bank] [to release|before they release] it, I [sent|gave] it [twice|].",
        ),
    ),
}

PREPAID_CARD: dict[str, Issue] = {
    "Locked out of the card's money": Issue(
        lead=(
            "<firm> [locked|blocked|suspended] <thing> [right after|when] my [paycheck|tax refund|benefits] [loaded|went on it], [and|so] I cannot [touch|use] <mid> [of my own money|].",
            "[I loaded|I put] <small> [on|onto] <thing> at [the drugstore|a checkout counter], [and|but] [the balance shows zero|it was declined at the first store].",
            "[They want|<firm> wants] [a selfie and|] <paper> [to unlock|before they unlock] <thing>, I sent [it|all of that] <times>, [still|and it is still] locked.",
            "[My employer|My job] [pays|loads my pay] [on|to] <thing>, and [since <date>|for <span>] <firm> [has refused|refuses] to let me [move|withdraw] [it|my wages].",
        ),
        more=(
            "[That is|It was] [my whole paycheck|all I had] for <need>.",
            "[The number|The phone number] on the back [goes in circles|only plays a recording|hangs up on you].",
            "The [activation|registration] page [says|only says] [invalid|error, try later].",
            "[I kept|I have] the [load|activation] receipt [from the store|], and the store [says|told me] it [cannot|can not] [help|do anything].",
            "[I do not have|I never had] a regular bank, [this is|that is] why I [got|use] [it|a reloadable card].",
        ),
    ),
    "Prepaid money stolen": Issue(
        lead=(
            "[The gift card|The card] I [bought for my niece|gave my niece|bought] with <small> on it was [empty|already drained] [when|before] [she|we] [tried|first tried] to use it, and <firm> [says it was spent|will not replace it].",
            "[All the money|<mid>] on <thing> was [gone|stolen|withdrawn] [overnight|at an ATM in a city I have never seen], and <firm> [denied|turned down] my claim.",
            "[I woke up|I checked] and <thing> had [<n> transactions|a withdrawal of <small>] I [did not make|knew nothing about], [my|it was my] [whole benefit|unemployment money].",
            "[Somebody|A thief] [copied|cloned] <thing> at [a gas pump|a store] and [spent|took] [the balance|<mid>].",
        ),
        more=(
            "[The packaging|The package] [looked|had been] [tampered with|opened and glued], [the scratch strip|the sticker] was [off|replaced].",
            "[They say|I am told] a PIN was used, [which|and that PIN] [nobody|no one] [knows|has] but me.",
            "[Their|The] investigation took [one day|ten minutes] and [they will not|nobody will] [show|tell] me [anything|what they found].",
            "[Cards|Gift cards] like this are sold [at every grocery store|everywhere], [people should be warned|somebody should warn folks].",
            "[It was|This was] [a birthday present|a gift from my job|my stimulus money].",
        ),
    ),
    "Fees and balance on the card": Issue(
        lead=(
            "<thing> [has|charges] a [monthly|inactivity] fee of <fee> that [ate|is eating] [the balance|what was left] [and|,] nobody [told me|printed it on the package].",
            "[I see|There are] [ATM|reload|balance inquiry] fees on <thing> [every time|for each swipe], [although|when] [the package says|it was sold as] free.",
            "<firm> shows [a balance of <small>|less] on <thing> [while|when] my receipts [say|come to] <mid>.",
            "[I closed|I asked to close] <thing> and <firm> [keeps|kept] the [last|remaining] <small> [as a fee|because a paper check costs more].",
        ),
        more=(
            "[A hotel|A gas station] [put|placed] a hold [of <small>|] that [never came|did not come] off.",
            "You [cannot|can't] [see|get] a statement without [a charge|paying a fee].",
            "[It is|This is] [advertised|sold] to people [like me|] who [cannot|can not] get a bank.",
            "[The customer agreement|The leaflet] is [eight|14] pages of [gray|tiny] print.",
        ),
    ),
    "Card never arrived or will not activate": Issue(
        lead=(
            "[The replacement|A replacement] for <thing> was [ordered|promised] [in|on] <date>, [and|it has been <span> and] [nothing came|it never arrived], [while|so] my money sits there.",
            "[They mailed|<firm> mailed] <thing> to [an old address|the wrong apartment] and [will not|refuses to] [send|issue] another [until|unless] I [show|give] the card number [that is on the card|I do not have].",
            "[I cannot|There is no way to] activate <thing>, [the site|the phone line] [asks|wants] [a code|numbers] that [were never|was not] [sent|printed].",
            "My [rebate|settlement|unemployment] came [as a prepaid card|on one of those prepaid cards] [instead of a check|] and it [will not|does not] [work|activate] [anywhere|].",
        ),
        more=(
            "[It expires|The card expires] in <date> and [so does|with it goes] the [money|balance].",
            "[They charged|I was charged] <small> for [express|overnight] [delivery|shipping] [that took three weeks|].",
            "How would I have the [plastic|number] after it is [lost|stolen]?",
            "[My worker|The state office] [sent me|says to go] to [them|the number on the card], [who|and they] [sent|send] me back [to the state|].",
        ),
    ),
}
