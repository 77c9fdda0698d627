"""Stories about bank accounts and money transfers."""

# ruff: noqa: E501 - each line is one sentence
from __future__ import annotations

from triage_complaints.generate._issue import Issue

BANK_ACCOUNT: dict[str, Issue] = {
    "Overdraft and account fees": Issue(
        lead=(
            "<firm> [charged|took] <n> overdraft fees of <fee> on <thing> in [one day|a single weekend], [by|after] [posting|putting through] the [largest|biggest] item first.",
            "[A pending|One pending] purchase [made|drove] <thing> [negative|go below zero] [although|when] [the deposit was already there|I had enough that morning], and [the fees|four fees] followed.",
            "[They charge|<firm> charges] a monthly [maintenance|service] fee [on|for] <thing> that I was [told|promised] would be waived with [direct deposit|a balance over <mid>].",
            "[I opted out of|I never agreed to] overdraft [coverage|protection] [for|on] <thing>, [still|and yet] I was charged <fee> [each time|for a coffee].",
            "[The same|One] check was [presented|run] [twice|three times] and [each time|for each] <firm> [took|charged] a returned item fee [from|on] <thing>.",
        ),
        more=(
            "[That is|It comes to] <mid> in fees [on|for] <fee> of [groceries|purchases].",
            "The teller [agreed|said] it [looked wrong|was not right], [but|and] only [the manager|headquarters] can [reverse it|undo it].",
            "[They refunded|I got back] [two|half] of them [as a courtesy|] and was told never again.",
            "The order in which they [post|process] things [changes|is changed] to [suit them|make more fees].",
            "[I live|We live] [check to check|on a fixed income], [so|and] <small> is [not a small thing|a week of food].",
        ),
    ),
    "Account locked, closed or money held": Issue(
        lead=(
            "<firm> [closed|shut down] <thing> [without|with no] [notice|warning] and [is holding|has kept] <big> [of mine|that is mine] [for <span>|since <date>].",
            "[I cannot|Since <date> I cannot] [get at|reach|withdraw] [the money|anything] in <thing>: <firm> [put a hold|placed a restriction|froze it] [for review|for what they call security reasons].",
            "[My paycheck|My direct deposit|My pension] [went|was paid] into <thing> [after|though] it was [locked|closed], [and|] <firm> [neither returns it nor gives it to me|will not send it back or let me have it].",
            "[They say|<firm> says] <thing> is [under review|restricted] [because|after] [I changed my phone number|of a deposit I made], and the review [never ends|has taken <span>].",
            "[A cashier's check|The check] for [the closing balance|what was left in] <thing> was [to be|supposed to be] mailed [<span> ago|in <date>], [it never came|nothing came].",
        ),
        more=(
            "[The branch|The branch manager] [cannot see|says she cannot see] [why|anything] and [gives|gave] me [the same|an] 800 number.",
            "[My bills|All my autopays] [bounced|are bouncing], [rent included|and the late fees are mine].",
            "I [walked|went] in with [two forms of|my] ID and [was|they] [turned away|sent me home].",
            "[They reserve the right|The agreement lets them] to close [any|an] account, [fine|okay], but not to keep the [money|balance].",
            "[Direct deposit|The payroll office] [needs|takes] two [pay periods|weeks] to [change|switch].",
        ),
    ),
    "Deposit problem": Issue(
        lead=(
            "I deposited a check for <big> [in|into] <thing> [by phone|with the mobile app|at the machine] and <firm> [held it|put it on hold] for [ten days|seven business days|<span>].",
            "[The ATM|A deposit machine] [counted|took] my cash wrong: I put in <big>, <thing> was credited <small>, and <firm> [says|insists] the machine balanced.",
            "[A check|The check] I [put in|deposited to] <thing> was [returned|reversed] [after|weeks after] it [cleared|showed as cleared], [and|] <firm> [wants|took] the money [from me|back].",
            "[My tax refund|A direct deposit|My payroll] [was sent|shows as sent] to <thing> in <date> and [never posted|has not shown up], <firm> [says|claims] it [was rejected|never saw it].",
            "[A night drop|A deposit] of <big> to <thing> is [missing|nowhere], [only|] the [empty bag|slip] [was found|exists].",
        ),
        more=(
            "[Funds|Money] available the next day is what the [sign|receipt] says.",
            "[The issuer|The company that wrote it] [told me|confirmed] the check was [paid|cashed] on <date>.",
            "They closed the claim without [checking|looking at] the [camera|video].",
            "Mobile deposits [under|over] <mid> [always went through|were never a problem] before.",
            "[I needed|I was counting on] it for <need>.",
        ),
    ),
    "Debit fraud claim denied": Issue(
        lead=(
            "[Someone|A thief] [took|withdrew] <big> from <thing> [with a copied debit card|at an ATM|by forging checks] and <firm> [denied|refused] [the claim|my claim] [in two days|].",
            "<n> [debits|withdrawals] [to|from] [a company I do not know|<seller>] [came out|went out] of <thing>, [I reported it|I called] [the same day|at once], [but|and] <firm> [says I authorized them|found no error].",
            "[Checks|Blank checks] [stolen|taken] from [the mail|my car] were [washed|forged] and cashed against <thing> for <big>, [and|but] <firm> [says|claims] I [waited too long|reported it too late].",
            "[A caller|Someone] [pretending|who pretended] to be from <firm> [got|talked me into giving] a code, and <big> [left|was moved out of] <thing> [in minutes|].",
            "The provisional credit [for|on] the fraud [in|on] <thing> was [taken back|reversed] [with|by] a letter that [gives|has] no reason.",
        ),
        more=(
            "Regulation E [gives|leaves] them [ten|forty five] days and the [burden|duty] to [prove|show] I [did it|authorized it].",
            "[The card|My card] was [in my pocket|with me], [the machine|that ATM] is [300|900] miles [from here|away].",
            "The signature [on|of] the check [looks nothing like|is not even close to] [mine|my name].",
            "[They have|There is] video [of|from] the [teller|machine], [why not look at it|and they will not show it].",
            "[I filed|There is] a police report, number XXXX, [which they never asked for|and nobody there read it].",
        ),
    ),
    "New account bonus or opening refused": Issue(
        lead=(
            "I opened <thing> for the [advertised|] bonus of <small>, [met|did] [every requirement|all the requirements] with direct deposit, and <firm> [will not pay|says my payroll does not count].",
            "[They turned|<firm> turned] me down for a checking account [because|on account] of [something|an entry] in [a consumer report|some screening database] from <date> that is [wrong|paid].",
            "[An account|A savings account] was opened [in my name|] at <name> [that I never asked for|without me], [a debit card|and a card] came in the mail.",
            "[The savings rate|The rate] on <thing> was [advertised|promised] as [4.5|5|4.25] percent, <firm> [pays|has paid] [me|] [almost nothing|0.5].",
            "[My CD|The certificate] [rolled over|renewed] [without|before I got] notice and <firm> [wants|charges] a penalty [to let me out|of <small>].",
        ),
        more=(
            "The [promo|coupon] code was [entered|scanned] by [the banker|their own employee].",
            "[The deadline|The date] has [now|] passed, [so they say|and they shrug].",
            "[I moved|I switched] [all my|my whole] banking [over|] [for this|].",
            "[Nobody|No banker] [mentioned|said a word about] a minimum [of ninety days|balance].",
        ),
    ),
    "Stop payment, wire and joint owners": Issue(
        lead=(
            "I [put|ordered] a stop payment [on|for] a [check|debit], paid <small> for it, and <firm> [paid it anyway|let it through] [out of|from] <thing>.",
            "[My ex|My ex husband|A relative] [emptied|took all of] <thing> [although|after] [I asked|the court told them] to [freeze it|require both signatures].",
            "<firm> let [a former employee|my late father's caregiver|my ex] [withdraw|take] <big> from <thing> with [no authority|an expired power of attorney].",
            "[I sent|I tried to send] money [out of|from] <thing> to [buy a house|pay my tuition] and <firm> [cancelled|held] it [at the last minute|for <span>].",
        ),
        more=(
            "[It says|The form says] the order [is good|holds] for six months, [this was|that was] [day nine|week three].",
            "[The death certificate was|All estate papers were] [given to|shown at] the branch [in <date>|].",
            "They [apologized|said sorry] and [asked|told] me to [recover|get] [it|the money] from [him|the other party] myself.",
            "[Two|Both] signatures [are|were] on the [card|signature card] for [that|a] reason.",
        ),
    ),
}

MONEY_TRANSFER: dict[str, Issue] = {
    "Scammed and no refund": Issue(
        lead=(
            "I [sent|paid] <big> through <wallet> to [a man renting an apartment|someone selling a puppy|a fake contractor], it was a scam, and <firm> [will not|refuses to] [reverse it|help].",
            "[A person|Somebody] [claiming to be|who said he was] [from my bank|from the utility company|my grandson in jail] [made me send|tricked me into sending] <big> with <wire>.",
            "[I was told|They told me] to [move|send] my money [to|into] [a safe|my own] account using <wallet>, [and it was gone|it went to a thief], and <firm> says I authorized it.",
            "[I bought|I paid for] [concert tickets|a used phone|crypto] and [the seller|the man] [vanished|blocked me] [as soon as|once] <wire> [went through|was completed].",
            "[Hackers|Someone] [got into|took over] <wallet> and [sent|moved] <big> to [strangers|an address I cannot see], <firm> [answers|replies] with [bots|form emails].",
        ),
        more=(
            "I [reported it|told them] [within minutes|not even twenty minutes later], [while|when] it was still pending.",
            "[They could|They can] see [the receiver|who got it] and [do|will do] nothing.",
            "[The recipient|The other] name did not [even|] match the [phone|number], why [no|was there no] warning?",
            "[The app promised|Their ads say] [fast and safe|it is as good as cash], [nobody|nothing] says there is no [way back|protection].",
            "[The wallet|That wallet] has [other victims|been reported before], I [found|looked it up] [online|].",
        ),
    ),
    "Money did not arrive": Issue(
        lead=(
            "I sent <big> to [my family|my mother] in [the Philippines|Mexico|Ghana|Colombia|India] [on|in] <date> [with|by] <wire> and [it never arrived|nobody can pick it up].",
            "[They took|<firm> took] the money [and the fee|] for <wire>, [the receiver|my cousin] [was told|is told] the [number|reference] [does not exist|was cancelled].",
            "[A transfer|A wire|A remittance] of <big> [has been|is] pending [for <span>|since <date>], <firm> [keeps|goes on] [saying|promising] [24 more hours|tomorrow].",
            "[The house closing|My closing] [failed|fell through] because <wire> [sat|was held] [somewhere|at an intermediary] for [five|six] days and <firm> [could not|cannot] trace it.",
            "[I cancelled|I asked to cancel] <wire> [the same day|within thirty minutes], and <firm> [still has|never returned] my <big>.",
        ),
        more=(
            "[The agent|The store clerk] [typed|entered] [the name|her name] [wrong|with one letter missing] [and|, so] now [it takes|they need] [papers|a form].",
            "The tracking [page|number] [says|shows] [paid out, to whom nobody knows|in progress, since the first day].",
            "[My mother|She] [took|rode] [a bus|two buses] [for three hours|] to the [pick up|payout] office [for nothing|].",
            "[Remittance|The remittance] rules say I get it back [if|when] [it is late|the error is theirs].",
            "[It was|The money was] for [her surgery|school fees|a funeral].",
        ),
    ),
    "Wrong amount, fee or person": Issue(
        lead=(
            "[I typed|I entered] one digit wrong and <wire> of <big> went to [a stranger|the wrong phone number], <firm> [will not|refuses to] [ask for it back|pull it back].",
            "[The exchange rate|The rate] I [was shown|agreed to] [for|on] <wire> [changed|was not what they used], [my sister got|the receiver got] <small> less.",
            "<firm> [sent|made] the [payment|transfer] twice, <big> each, and [calls|says] [the second|it is] [not their problem|my mistake].",
            "[A fee|An extra fee] of <small> was [taken|added] [by|through] <firm> that the [screen|receipt] [did not show|never mentioned].",
        ),
        more=(
            "[The stranger|The person who got it] [wrote|texted] lol [thanks|] and [blocked me|that was it].",
            "[I have|Here is] the [screenshot|receipt] [with|that shows] the [promised|quoted] [rate|total].",
            "[There is|They have] no [confirm|undo] [screen|button], one tap and it is gone.",
            "[Each|Every] person I chat with [starts over|asks for the same screenshot].",
        ),
    ),
    "Wallet or app account locked": Issue(
        lead=(
            "<firm> [locked|limited|disabled] [my account on the app|my wallet|my profile] with <big> [in it|inside] [after|because] [I sold some things|I got a new phone|of a payment from my brother].",
            "I have been [locked out of|unable to cash out of] <wallet> since <date>, and <firm> [wants|asks] [the same documents|a video of my face] [over and over|].",
            "[My balance|The balance] in the app [went|was set] to [negative|minus <small>] when <firm> [reversed|took back] [a sale|a payment] [from|of] <span> ago.",
            "<firm> banned me [for life|for violating terms] and [will keep|is holding] my <big> for 180 days.",
        ),
        more=(
            "[There is|They have] no phone number, [only|just] a [bot|chat window] that [closes|ends] [by itself|].",
            "[I run|I have] a small [business|candle shop] and [my customers pay|everyone pays] [this way|through it].",
            "They [will not|cannot] [say|tell me] which [rule|term] I [broke|violated].",
            "Linking [a new|another] bank [fails|does not help], the [two dollar|small] test deposits [never come|bounce].",
            "[Coins|The coins] [dropped|lost] half [their|of their] [value|price] [while I could not sell|by the time they looked].",
        ),
    ),
}
