"""Stories about credit reports and about debt collectors."""

# ruff: noqa: E501 - each line is one sentence
from __future__ import annotations

from triage_complaints.generate._issue import Issue

CREDIT_REPORTING: dict[str, Issue] = {
    "Incorrect information on your report": Issue(
        lead=(
            "[I looked at|I pulled|I finally saw|I downloaded] <thing> [and|and to my surprise] <item> [is listed as|shows as|still says] [charged off|ninety days late|past due|open] [even though|when] [I was never late|it was settled in <year>|I owe nothing on it].",
            "<thing> [shows|lists|has] [the wrong|an old|somebody else's] [address|employer|date of birth|middle name] and [a balance|a late mark] for <item> that [is not correct|I can prove is wrong|nobody can explain].",
            "There are <n> [mistakes|errors|things that are wrong] on <thing>, [the worst being|mainly|starting with] <item> that [was paid in full|I closed myself|was included twice] [years ago|<when>|back in <date>].",
            "[I am being reported|They have me|I show up] as [30 days late|60 days late|delinquent] on <item> for <date>, [but|although] [my payment cleared|the money left my bank|I have the receipt from] [before the due date|the week before|that same month].",
            "The same <item_noun> is [showing twice|on there two times|reported under two numbers], once [from|by] the [original lender|first company] and once [from|by] [the buyer|another name], [so it looks like I owe double|and both say I owe <big>].",
            "My score [dropped|fell|went down] [by|] [60|84|102|45|over 100|120] points [overnight|<when>|in a single day] because <firm> [put|posted|added] [a~ <item_noun>|a late payment] that [was removed before|was already fixed once|has nothing to do with me].",
            "<firm> [lists|reports|shows] me as [deceased|dead], [and|so] [every application I make is refused|I cannot get anything approved|no lender can see a score for me].",
        ),
        more=(
            "The [lender|original company|creditor] [itself|] [wrote me a letter|confirmed by phone|says in writing] that [the balance is zero|I was never behind|it asked for a correction], [yet|but] nothing [changed|was updated] on <thing>.",
            "[One bureau|The first bureau] has it [right|as paid], [the second|another] has it [as open|with a balance], and the third does not have it at all, [so how can it be verified|which tells you nobody checks].",
            "The dates [do not match|make no sense]: it says opened <date> but [the last activity|the first late payment] is [before that|two years earlier].",
            "[Under|According to] <law> [information must be accurate|they have to report only what is accurate and complete|a furnisher and a bureau are both on the hook], and this [is neither|plainly is not].",
            "I [counted|found] <n> [different|separate] [balances|dates of first delinquency|account numbers] for [the same|one] [item|entry].",
            "A payment history that [says late|has a 90 in it] for a [time|period] when the [account|loan] [did not exist yet|was already closed] [cannot be right|is obviously a mistake].",
            "The [remark|comment|code] next to it [says disputed|says settled for less|is from a bankruptcy I never filed], which [hurts me|is just as bad as the item itself].",
            "It [should have|was supposed to have] [fallen off|aged off|dropped off] after seven years, [and that was|which means] in <date>.",
        ),
    ),
    "Account does not belong to me": Issue(
        lead=(
            "[There is|I found|I noticed] <item> on <thing> that [is not mine|does not belong to me|I never opened], and [the name on it is spelled differently|the address with it is in a state I never lived in|the last four digits do not match].",
            "<firm> [mixed|has merged|keeps mixing] my [file|information] with [another person|someone|a cousin] [who has|with] [the same name|a similar name|almost my social security number].",
            "My [father|son|brother] and I [have|share] the same [first and last name|name], and his <item_noun> [ended up|landed|is now] on <thing>.",
            "[I have never had|I never in my life had] <item> with <name>, [still|yet|but] [it is sitting|it shows|they list it] on <thing> with [a balance|a past due amount] of <big>.",
            "[I do not recognize|I have no idea what these are:] <n> [of the accounts|entries|lines] on <thing>, [for example|including|among them] <item> [opened in|from] <date>.",
            "[Someone else's|A stranger's] [accounts|debts|public records] [are showing|appear|keep turning up] under my [social|name] on <thing> [and it has been this way since <date>|for <span> now|].",
        ),
        more=(
            "I [am|was] [an authorized user|only an authorized user], [not|never] the [owner|person responsible], and [was taken off|asked to be removed] in <date>.",
            "The [signature they have on record is not mine|application they sent me is in different handwriting|address on it is in a town where I never set foot].",
            "I was [in the service|in school|out of the country|in the hospital|fourteen years old] when [that account was opened|this was supposedly opened].",
            "[I asked|I have asked] for [the contract|any paper with my signature|whatever they used to verify it] and [was sent|got] [a printout|a form answer|one page with a name on it].",
            "[Nobody|No one] can [tell me|explain] how [my social|my number] was [matched|tied] to [that person|this].",
            "[The creditor|The company that reports it] [looked me up|checked] and [has no record of me|cannot find any account under my social].",
            "[Please|I want them to] split the two files [so that this does not come back in a month|and see that it never happens again|for good].",
        ),
    ),
    "Investigation did not fix the error": Issue(
        lead=(
            "I disputed [<item>|<n> items|a late payment] [on|with regard to] <thing> <times> and each time <firm> [comes back with|answers with|sends me] verified, [without|and never] [saying|showing] how.",
            "[My dispute was closed|They closed my dispute] [in two days|in less than 72 hours|overnight], [which means|so] no [real|actual] [investigation|reinvestigation] [was done|took place] on <item>.",
            "I [sent|mailed] a dispute [letter|package] to <firm> by certified mail, [it was signed for on|they received it] <date>, and [the thirty days are long gone|<span> later there is no answer].",
            "<firm> [refuses|will not agree] to [open|accept] my dispute because [they think|they say] it [came from a third party|is frivolous|is a repeat], [but|and] I wrote it [myself|at my own kitchen table].",
            "[The item|<item>] was deleted after my [first|earlier] dispute and [then|now] it is [back|reinserted|on there again] [with no notice, which they must give within five days|and nobody warned me|, and that is against <law>].",
            "[All I get|The only thing I get] from <firm> is [the same|a] [form letter|printout] [saying|that says] the [information|account] meets [their|FCRA] requirements, [while|when] [my proof|everything I enclosed] about <item> was [ignored|not even looked at].",
        ),
        more=(
            "I asked for the method of verification [and the name of the person they spoke to|] [and|but] [got nothing|received silence|they ignored that part].",
            "[I attached|I enclosed|With it I <sent>] <paper> [and|plus] <paper>, [so|and] there was [nothing left to guess|plenty to look at].",
            "[An automated system|A computer] [swapping codes|sending a two digit code] with the [lender|furnisher] is not [an investigation|a reasonable investigation].",
            "[They|The letter] told me to [take it up with|go to] the [creditor|furnisher], [the creditor|who] told me to go [back to the bureau|to them], [and around it goes|and I am stuck in the middle].",
            "I [also|even] filed with <agencyaid> [and put in the case number|about this|] [and|but] <firm> [did not care|would not look at it].",
            "The results [page|letter] [said|says] updated, [but|although] the only thing [updated|that changed] was the [date|balance by four dollars].",
            "[Online|On the website] the status [has been pending since|says pending from] <date>[, and the upload button does nothing|].",
            "If [they|the bureau] cannot verify [something|an item], it [has to|must] come off; [that is|this is] [not complicated|the rule].",
        ),
    ),
    "Fraudulent accounts after identity theft": Issue(
        lead=(
            "[I am a victim of identity theft|My identity was stolen] and <thing> now [holds|is full of|has] [accounts|<n> accounts], [including|such as] <item> and <item>, [that a thief opened|opened with my stolen wallet|I had nothing to do with].",
            "[After|Since] [my wallet was stolen|a data breach at a hospital|my mail was taken], [accounts|loans and cards] [started showing|began to appear] on <thing>, and <firm> [will not block them|refuses to block any of it].",
            "[I filed|I made] an identity theft report [with the FTC|and a police report] about <item>, <sent> it to <firm>, [and asked|asking] for the block that section 605B [promises|gives me within four business days], and [nothing happened|it is still there].",
            "[A thief|Whoever took my social|Some criminal] [got|opened] <item> [at|with] <name> <when>, and [although|even though] [the lender|the company] [agreed it was fraud|closed it as fraud], <firm> [keeps|goes on] reporting it.",
            "[An ex|A relative|My former roommate] [used|misused] my [information|social security number] to get <item>, and <thing> [shows it as mine|has it as if I had signed].",
        ),
        more=(
            "I put [a fraud alert|a freeze] on [everything|all of it] [the same day|right away] [and|but] new [inquiries|accounts] [kept|still keep] coming.",
            "They [say|claim] the [report|affidavit] is [not valid|incomplete|too old], though it [has|carries] [a case number|the officer's stamp|my notarized signature].",
            "[The police officer|The detective] [told me|said] this [is|was] [the fifth one|a ring] [this month|that they know about].",
            "[None of|Not one of] these was [authorized|opened] by me, [and I gained|and I received] no [goods, money or service|benefit] from [them|any].",
            "I have [proven|shown] who I am <times> now, [with|by way of] <paper> [and|together with] <paper>.",
            "[The thief's|That] address, [a street in|an apartment in] XXXX, is [still|now] listed as [mine|one of mine].",
            "[I sleep badly|I am up at night|I check my mail with dread], [wondering|waiting to see] what [comes next|else was opened].",
        ),
    ),
    "Unauthorized inquiry": Issue(
        lead=(
            "[There are|I count|I see] <n> hard inquiries on <thing> [from|by] [companies|lenders] [I never applied to|I have never heard of|I did no business with].",
            "<name> [ran|pulled|checked] my credit [without|with no] permission [and|so] [a hard inquiry|an inquiry] [now sits|landed] on <thing>, [it is|] dated <date>.",
            "[A dealer|The car dealer] [shot|sent] my application to [eleven|nine|fourteen|seven] lenders [after|when] I agreed to one, and <thing> [now has|shows] an inquiry from each.",
            "<firm> [will not remove|refuses to take off] inquiries [made by|from] someone [using|with] my [stolen|] social, [one|the latest] for <item>.",
            "[I asked only for a quote|It was supposed to be a soft pull|I was just prequalifying], [yet|but] a hard inquiry [turned up|showed up|was put] on <thing> [and cost me points|the next day].",
        ),
        more=(
            "No [permissible purpose|account, application or offer] [exists|was ever given], so [it has to come off|there is nothing to argue about].",
            "[The bureau|They] [told me|said] inquiries are [a matter of record|only removed by the lender], [which is|and that is] <bad>.",
            "[I wrote|I sent letters] to each [of the lenders|of these companies] and [half of them|most] [never answered|answered that they have no application from me].",
            "[My score|The score] lost [five|eight|12] points [for every one of them|per inquiry|each time].",
            "[The date|On that date] [was|I was] [when I was in the hospital|a Sunday|flying home], [so I could hardly have signed|and I signed nothing].",
            "I would like [the name of|to see] whoever [gave consent|claims to have my consent].",
        ),
    ),
    "Old public records and obsolete items": Issue(
        lead=(
            "[My bankruptcy|A chapter 7|A chapter 13] was discharged in <date> and [everything in it|<item> that was in it] [should|must] [read zero|show discharged], [but|yet] <thing> [still says|goes on saying] [I owe|past due|charge off].",
            "[A judgment|A tax lien|An eviction] [that was dismissed|I satisfied|which the court threw out] in <date> is [still|once more] on <thing>.",
            "[An item|<item>] older than seven years [is still|remains] on <thing>, [since|because] [somebody|the furnisher] [changed|re-aged|moved|keeps moving] the [first date|date it went late].",
            "<firm> reports a bankruptcy [that was never mine|I never filed|that belongs to my ex], and the court [says in writing|clerk told me] it [never|does not] [reported|send anything] to them.",
        ),
        more=(
            "I [have|hold] the discharge [papers|order] [with the judge's signature|], and I <sent> them [twice|to all three|with a cover letter].",
            "[Courts|The court] [do|does] not [verify|furnish] [anything|records] to [bureaus|any agency], so [who verified it|how was it verified].",
            "The [statute|seven year clock] [ran out|ended] in <date> [by any count|].",
            "[It|This] [went|was] off [one report|the other two] [already|last year], [so they know|which shows it can be done].",
            "[A lender|The loan officer] [pointed at it|showed me the line] and [said sorry|shook her head].",
        ),
    ),
    "Cannot get a report, freeze or score": Issue(
        lead=(
            "I [cannot|have not been able to] [get|see|order] <thing> [online|by mail or phone], because <firm> [says|keeps saying] [my answers do not match|it cannot verify my identity|something went wrong].",
            "I [placed|put] a freeze [with|at] <firm> and [now|today] the [pin|password] [does not work|is not accepted], so I cannot [lift it|lift it or log in|thaw it] [while the lender waits|for a loan I need].",
            "<firm> [charged|billed] me <small> [a month|] for [monitoring|a score] [I signed up for as a free trial|after I cancelled|that I never ordered], [and I only wanted|when all I wanted was] [my free yearly report|the report].",
            "[The security questions|The quiz questions] [they ask|asked by <firm>] are about [streets|loans] I [never had|do not know], [so|and] I am locked out of <thing>.",
            "I [asked|applied] to unfreeze <thing> [on|in] <date> and <firm> [lifted the wrong dates|did nothing|froze it harder], [while|and] [my apartment application|a lender] [was waiting|gave up].",
        ),
        more=(
            "I [mailed|sent in] <paper> [as they wanted|twice], and they [asked for the same again|wrote back that it was not readable].",
            "The [robot|phone menu] never [lets|puts] you [through|reach a person]; it [wants|asks for] the [number|report number] [from the report I cannot get|that I do not have].",
            "[By law|Once a year] [everyone|a person] is [entitled|due] to [a free copy|one without paying].",
            "The [other two|two other] bureaus [let me in|took five minutes] [without trouble|].",
            "[My address changed|I got married|I have a hyphen in my name] and [that seems|I think that is] [enough to|what makes] [break|confuse] their [system|form].",
        ),
    ),
    "Fallen score, refused credit": Issue(
        lead=(
            "I was [turned down|denied|refused] for [a car loan|a mortgage|a store card|an apartment|a phone plan|a credit card|a student loan] <when> [and|because] the [letter|notice] [points to|blames|names] <thing> and [something called|] [too many|] [derogatory items|delinquent accounts|collections] that are [not mine|wrong].",
            "[We are trying to buy a house|I need a car for work|My landlord ran my credit] and [what is on|the errors on] <thing> [stopped it|killed the deal|cost us the place].",
            "The [rate|interest] I was [offered|quoted] on <item> [is double|went from 6 to 14 percent] [on account of|because of] [what <firm> reports|one false line on <thing>].",
            "[Every|Each] lender [tells me|says] the same: [clear up|fix] <thing> first, [but|and] <firm> [does not|will not] [lift a finger|do anything about it].",
        ),
        more=(
            "[The|A] loan officer [printed|showed me] the page, and the [line|item] that [did it|hurt] was <item>.",
            "I [pay|have paid] [everything|all my bills] on time and [have nothing late|had a 780 before].",
            "[Closing|The closing] is [in nine days|set for <date>|next week] and [the seller will not wait|I lose my deposit].",
            "A [job offer|security clearance] [is on hold|hangs on this] [too|as well].",
            "[It takes them|They need] five minutes to [fix|correct], [it takes me|and me] <span> of [calls|letters].",
        ),
    ),
}

DEBT_COLLECTION: dict[str, Issue] = {
    "Attempts to collect a debt not owed": Issue(
        lead=(
            "[I am getting|I keep getting|We get] [calls|letters|texts] from <firm> [about|over] <debt> [that I never had|that is not mine|from a place I never lived], for <big>.",
            "<firm> [says|insists|claims] I owe <big> for <debt>, [and|but] [I paid that|it was paid by my insurance|that was settled] in <date>.",
            "[A collection|Something] for <debt> [popped up|showed up] [in the mail|on my phone] <when>, [and|but] [I have never done business|I never signed anything] with [that company|the original creditor].",
            "<firm> is [trying to collect|chasing me for|demanding] a [balance|debt] that was [wiped out in my bankruptcy|included in a chapter 7|discharged by the court in <date>].",
            "[They want|<firm> wants] <big> [from me|] for <debt> that belongs to [my ex|a person with my name|my son who is grown].",
            "[I returned|I gave back] the [equipment|keys|box] [and|, closed the account and] have the receipt, [yet|still] <firm> [was given|bought] the account and [wants|asks for] <small>.",
            "I was [sent|turned over] to <firm> for <debt> [without ever getting a bill|before the first bill reached me|while the insurance was still deciding].",
        ),
        more=(
            "[The original creditor|The company it came from] [shows|says I have] a zero balance and [does not know|cannot say] why it was [sold|placed].",
            "[The debt|It] is [ten|eleven|eight|nearly twelve] years old and [past|well beyond] the statute [of limitations|in my state].",
            "[They added|They tacked on|There is now] <small> [in interest|in fees|of something called costs] [on top|that nobody agreed to].",
            "I [told|have told] [them|every caller] [it is not me|they have the wrong person] and [gave|even gave] [the last four|nothing but my name].",
            "[First|At first] it was <small>, [then|a month later] <big>, [now|and today] [a different amount altogether|something in between].",
            "The hospital's [own|] [charity program|billing office] [covered|wrote off] [this|the visit] [months before|].",
            "I have [not lived|no ties] [at that address|in that state] since <date>.",
            "[If|Even if] it were mine, which it [is not|isn't], [the amount|the math] [is wrong|does not add up].",
        ),
    ),
    "Debt was not validated": Issue(
        lead=(
            "I [asked|wrote to] <firm> [in writing|by certified letter] to validate <thing>, and [all|the only thing] [they sent|I got] was [a printout|a one page statement|an old bill with no signature].",
            "[Within|Well within] thirty days [of their notice|] I [disputed|challenged] the debt [and requested|and asked for] [validation|the contract], [but|and] <firm> [went on collecting|kept calling|put it on my credit anyway].",
            "<firm> [never sent|did not send|never mailed] [a validation notice|the first letter] [about|for] <debt>; I [learned|found out] [of it|about it] [from|when I saw] my credit report.",
            "[Nobody|No one] at <firm> can [tell me|say] [who|which company] they [bought|got] <thing> from, [how old it is|what it is for] or [how they arrived at|where they get] <big>.",
            "I [requested|demanded] [the chain of title|the bill of sale|itemized statements] [on|for] <thing> [from|of] <firm> and [was told|got the answer that] [they are not required to|it is not available].",
        ),
        more=(
            "[A name and a balance|A sheet with my name] is not [validation|proof] [of anything|].",
            "[I am entitled|The FDCPA entitles me] to know [who the original creditor is|the amount and the creditor], and until they answer [collection must stop|they must stop].",
            "They [gave|quoted] me <n> [different|] account numbers, [none of which|and none] [I know|match].",
            "[My letter|The green card] was signed for on <date>, [and|so] they [cannot say|can't claim] they never [got|saw] it.",
            "[While|All the time] [the dispute was open|they owed me an answer] the [negative mark|tradeline] [stayed|was updated every month] [without a note that it is disputed|].",
            "[The affidavit|What they call an affidavit] [is|was] signed by [a robot|someone in another state] who [never|cannot have] [saw|seen] the [account|file].",
        ),
    ),
    "Harassing calls and messages": Issue(
        lead=(
            "<firm> [calls|rings|dials] me [six|eight|five|ten] times a day, [starting|some] before [eight|7] in the morning, [about|over] <thing>.",
            "[I asked|I have told] <firm> [in writing|more than once] to [stop calling my job|only write to me], [but|and] [the calls go on|they called my work again on <date>].",
            "[A man|A woman|Someone] from <firm> [cursed|screamed|yelled] at me [on the phone|] and [called me|said I was] [a deadbeat|a thief|trash] [because|when] I [could not|would not] pay <big> [that day|on the spot].",
            "[I get|There are] [texts|voicemails|robocalls] [every day|day and night] from <firm>, from [numbers that change|a local number every time], [about|regarding] <debt>.",
            "<firm> [keeps calling|will not stop calling] for [a person I do not know|someone named XXXX|the man who had this number before me] [about a debt|over money that person owes].",
        ),
        more=(
            "[They|The callers] will not [say who they are|give a company name or address] until I [confirm|give] my [birthday|social].",
            "[I work nights|I am a nurse|I drive a bus], [so|and] the phone [going off|ringing] [is a real problem|can cost me my job].",
            "[I saved|I kept] [the voicemails|a log], [fourteen|22|thirty one] calls [in|during] one [week|month].",
            "[When I block|As soon as I block] one number [they use|there comes] [another|the next].",
            "[He|She] [laughed|hung up] when I [mentioned|brought up] [the FDCPA|my rights|my lawyer].",
            "[Calling|Ringing] [on a Sunday|at 9:40 at night|during church] is [not|hardly] a [convenient time|reasonable hour].",
        ),
    ),
    "Threats of lawsuit, arrest or garnishment": Issue(
        lead=(
            "[I got|I received] [a call|a voicemail] from <firm> [saying|that said] [a sheriff would come to my job|papers would be served at home|I would be arrested] [today|within 24 hours] [unless I paid|if I did not pay] <big> for <debt>.",
            "<firm> [garnished|took] [my wages|25 percent of my check|my tax refund] for <debt> [without|although I was never given] [any court papers|a hearing|notice].",
            "I was [sued|taken to court] by <firm> over <thing>, [and|but] [I was never served|the papers went to an old address|they dropped it the day I showed up].",
            "[They left|<firm> left] a [message|note] [about|that mentioned] [a case number|charges of fraud|check fraud] and [a deadline|a mediation] to [scare|frighten] me into paying <debt>.",
            "[There is|They got] a [default|] judgment [against me|] from <firm> [that I knew nothing of|for a debt that was not mine], and [my account|my paycheck] was [frozen|levied].",
        ),
        more=(
            "[You cannot|Nobody can] be [arrested|jailed] for [a debt|owing money], [I looked it up|and they know that].",
            "The [case number|number] they [gave|left] does not [exist|come up] at the [county|] [courthouse|clerk's office].",
            "[The man|The caller] [claimed|pretended] to be [an attorney|a process server|from the district court].",
            "[I sent|I paid] <small> [out of fear|because I panicked] [and|, then] they [wanted more|came back for the rest].",
            "[I asked|When I asked] for [this|it all] in writing [he|they] said [it is too late for that|there is no time].",
            "No [proof|evidence] of [service|the debt] was [ever|] filed.",
        ),
    ),
    "Told others about my debt": Issue(
        lead=(
            "<firm> [called|contacted|phoned] [my boss|my mother|my ex wife|my neighbor|my daughter] and [discussed|brought up|went on about] [my debt|<thing>|what I owe].",
            "[A letter|A postcard] from <firm> [came|was mailed] [to my work|to my parents] with [my debt|past due] [printed on|visible on] the [outside|envelope].",
            "[My references|People listed as my references|Half my family] [are getting|get] [calls|messages] from <firm> [about|over] <debt>, [for which they never signed|which is none of their business].",
            "<firm> [found|messaged] me [through|on] [social media|a family member's page] and [wrote|posted] [where others could read it|about <debt>].",
        ),
        more=(
            "[I had not told anyone|Nobody knew, not even my husband], and [now the whole office knows|we had a fight over it|now everybody does].",
            "They may ask where I [live|work], they may [not|never] discuss [what I owe|my business].",
            "[She is 81|My mother has a heart condition] and [was|is] [scared|worried sick].",
            "[My supervisor|HR] [wrote me up|called me in] [over|because of] it.",
        ),
    ),
    "Paid or settled but still being collected": Issue(
        lead=(
            "I [settled|made a deal on] <thing> with <firm> for <small>, [paid it|sent the money] on <date>, and [now|today] they [want|ask for] the [rest|remainder].",
            "[I have|I hold] a paid in full letter [for|on] <thing>, [still|yet] [another collector|<firm>] [started|is] [collecting on it|after me] [again|].",
            "<firm> [agreed|promised] to [delete|remove] <thing> [from my credit|] if I paid, I paid <big>, [and|] [they did not|it is still there].",
            "[They took|<firm> took] <n> payments [out of my bank|from my card] [for|on] <debt> [when|although] I [agreed|gave permission] for [one|a single one].",
        ),
        more=(
            "[I have|Here is] the confirmation number and the [date|cleared check].",
            "[The agreement|The offer] was [on a recorded line|in an email], so [they can|let them] [listen to it|read it].",
            "[The rep|The collector] who [made|took] the deal [no longer works there|left the company], [how handy|they say].",
            "[My bank|The bank] [shows|confirms] they [cashed|took] it [the next day|on <date>].",
            "[A balance|An amount] of [exactly|] <small> [keeps|goes on] [coming back|showing up].",
        ),
    ),
}
