"""Stories about mortgages, student loans, vehicle loans and payday loans."""

# ruff: noqa: E501 - each line is one sentence
from __future__ import annotations

from triage_complaints.generate._issue import Issue

MORTGAGE: dict[str, Issue] = {
    "Escrow, taxes or insurance": Issue(
        lead=(
            "<firm> [did not pay|was late paying] the property taxes out of our escrow, [so|and] the county [added|charged] <small> in penalties [to|on] [us|our house].",
            "[My payment|Our payment] on <thing> went up [by <small>|sharply] [because of|after] an escrow [shortage|analysis] that [nobody can explain|is plainly wrong].",
            "<firm> [bought|forced] insurance [on|for] [our house|the home] for <big> a year [although|when] [we had coverage|our policy never lapsed].",
            "[The homeowners policy|Our insurance] was cancelled because <firm> [never sent|forgot] the premium [from escrow|].",
            "<firm> sent the escrow refund [of <small>|] [to|by mistake to] [the wrong address|the previous owner].",
        ),
        more=(
            "The [county|tax office] [confirmed|says] [nothing|no payment] [was received|came in] [before|until] <date>.",
            "[I faxed|We <sent>] the declarations page <times>.",
            "[Our taxes|The taxes] have not [gone up|changed], so [where does the shortage come from|how is there a shortage]?",
            "[Now|On top of it] they [want|collect] [two|three] months' cushion.",
            "The house could be [sold|put up for auction] over taxes that [I|we] paid.",
        ),
    ),
    "Payment or servicing transfer": Issue(
        lead=(
            "<thing> was [sold|transferred] to <name> and [the payment|our <date> payment] [went|was sent] to the old servicer, [now|so] <firm> has us as [late|behind].",
            "<firm> puts [my|extra] principal payments on <thing> [into|in] [a suspense account|next month's interest] [instead of principal|], [whatever I write on the check|no matter what I click].",
            "[Since|Ever since] <thing> changed [hands|servicers], [my autopay|the autopay] [failed|stopped], and <firm> [reports|shows] [us|me] [30|60] days late.",
            "[The payoff|A payoff] [quote|amount] from <firm> was wrong, [so|and] the wire [was|fell] short by <small> and <thing> [stayed|is still] open.",
            "[I paid off|We paid off] <thing> in <date> and <firm> [did not|still did not|will not] [record the release of|release] the [lien|deed of trust].",
        ),
        more=(
            "[The old|The prior] servicer says it forwarded [everything|the money], [the new one|this one] [says|claims] it [did not get|never got] it.",
            "I [asked|sent a request] for [a full history|the payment history] and [got|received] [twelve|nine] pages of [codes|abbreviations].",
            "RESPA [protects us from late marks for|gives borrowers] sixty days after a transfer.",
            "[The title company|Our buyer's title company] [cannot|will not] [close|go on] without [the release|it].",
            "[We have|I have] never [missed|been late on] a house payment in [fourteen|nine|twenty two] years.",
        ),
    ),
    "Modification and hardship": Issue(
        lead=(
            "[We applied|I applied] for a [loan|] modification [of|on] <thing> [after|because of] <trouble>, <firm> [keeps|kept] asking for [the same documents|new pay stubs], [then|and in the end] [denied|closed] it as incomplete.",
            "[When|After] the forbearance on <thing> ended, <firm> [wanted|demanded] [all|the whole] <big> at once [instead of|though they had promised to put it] at the end of the loan.",
            "<firm> [started|began] foreclosure [while|even as] our [application|modification] [was under review|was complete].",
            "[A sale date|The auction of our home] is [set|scheduled] for <date>, <firm> [will not|refuses to] [postpone|talk to us].",
            "[The trial payments|Three trial payments] on <thing> were made [on time|], [but|and] <firm> [never sent|did not send|never signed] the [final|permanent] papers.",
        ),
        more=(
            "[Every|Each] time there is a new [contact person|single point of contact], [who|and she] has [no notes|never heard of us].",
            "[Dual tracking|This] is not allowed, [the housing counselor|our counselor] [says|told us].",
            "[We raised our kids|My kids grew up] in this house.",
            "[The homeowner assistance|The state] fund [offered|was ready] to pay, [they|the servicer] [refused|sent back] the [money|check].",
            "[Their|The] letter [says|said] [denied for income|our income is too high], [they used|using] [a number from three years ago|a bonus that I got once].",
        ),
    ),
    "Application, refinance or closing": Issue(
        lead=(
            "[We applied|I applied] to refinance [our home|the house] with <name>, [the rate lock|our lock] expired [because|while] <firm> [kept|was] [losing|asking for] documents.",
            "[Three days|The day] before closing <firm> [changed|raised] the [rate|fees] by <big> [and|,] [blamed|pointed to] the appraisal.",
            "<firm> [denied|turned down] our home loan after [<span>|four months] of [paperwork|promises], [over|because of] [an old account|a gap in my job] they [knew of|had] from the start.",
            "[The appraisal|Their appraiser] [came in|valued the house] [<big> low|far too low], [with|using] sales [from another neighborhood|two years old], and <firm> [would not|will not] [review|correct] it.",
            "[I paid|We paid] <small> for an appraisal and [application|lock] fees, [then|and] <firm> [went silent|dropped us].",
        ),
        more=(
            "[The sellers|Our sellers] [walked|kept the earnest money].",
            "The closing disclosure [did not|does not] match the [loan|] estimate [at all|], [points|a point] [appeared|was added].",
            "[Underwriting|The underwriter] [asked for|wanted] [a letter about|an explanation of] a deposit of <small>, [three times|again and again].",
            "[Our loan officer|The loan officer] [left|quit] and [nobody|no one] [took over|answers his phone].",
            "[Rates|By then rates] had [gone up|risen] [a full point|from 3 to 6], which is <small> a month [for thirty years|].",
        ),
    ),
    "Mortgage insurance, home equity and liens": Issue(
        lead=(
            "[We are|I am] [under|below] 80 percent [loan to value|] on <thing> and <firm> [will not|refuses to] [drop|remove] the mortgage insurance.",
            "[My home equity line|The HELOC] was [paid off|closed] in <date>, <firm> [keeps|kept] it open and [charges|bills] [a yearly fee|interest].",
            "[After|Since] my [mother|father] died <firm> will not [talk|speak] to me about <thing>, [although|even though] [I am the executor|the house is now mine|I make the payments].",
            "[The reverse mortgage|A reverse mortgage] on [my mother's|grandma's] house [was called|came] due and <firm> [gives|gave] us [thirty|ninety] days to sell.",
        ),
        more=(
            "[Their own|An] appraisal [says|came in at] 72 percent.",
            "[I am|They made me send papers as] the successor in interest, [three|four] times [already|].",
            "[The deed|Title] has been [recorded|in my name] [with the county|] since <date>.",
            "[It costs|PMI is] <mid> [each|a] month that I do not owe.",
        ),
    ),
}

STUDENT_LOAN: dict[str, Issue] = {
    "Servicer transfer and payment count": Issue(
        lead=(
            "[When|Since] <thing> [moved|was transferred] to <name>, [years|<n> years] of [qualifying|] payments [disappeared|are missing] from the count.",
            "<firm> [shows|has] [83|64|41|97] qualifying payments [on|for] <thing>, I [made|can prove] [120|118|more than a hundred].",
            "[My employer|The school district where I teach] signed the forms [each year|], <firm> [denied|rejected] forgiveness [for|of] <thing> [over|because of] [a date|a blank box].",
            "<firm> counted [my|the] payments [on|for] <thing> as [late|short] by [a penny|one cent|a day] and [none|so none] of them [qualify|qualifies].",
        ),
        more=(
            "[I teach|I am a nurse|I work] [in a public school|at a county hospital|for a nonprofit] and have [since 2011|for ten years|since I graduated].",
            "[The Department|The Department of Education] [says|tells me] to ask the servicer, [the servicer|who] [says|tells me] to ask [them|the Department].",
            "[A recount|The recount] was [promised|requested] in <date>.",
            "[The old|My former] servicer [no longer|does not] [keeps|have] [records|the records].",
        ),
    ),
    "Income-driven plan": Issue(
        lead=(
            "I [applied|recertified] for the income driven plan [on|for] <thing> in <date>, <firm> [lost|has not processed] it and [my payment|the bill] [jumped|went] to <mid> a month.",
            "<firm> [put|placed] <thing> in [an administrative|a] forbearance [while|so that] [they process|interest grows during] my [repayment plan|application].",
            "[My payment|The payment] [on|for] <thing> was [figured|calculated] [with|from] [my husband's income|the wrong family size|a year when I earned more].",
            "[I was told|<firm> told me] to [consolidate|recertify early] and [doing so|that] [wiped out|reset] [my credit toward forgiveness|everything on <thing>].",
        ),
        more=(
            "[My tax return|Tax forms] and [pay stubs|a letter from my job] were [uploaded|sent] [twice|].",
            "[I earn <income> a year and|On <income> a year I] [cannot|can't] pay [half of it|that much].",
            "[The website|Their site] [shows|lists] a plan [that ended|I am not in].",
            "[Interest|The interest] they [added|capitalized] is [now|] more than [what I borrowed|the degree cost].",
        ),
    ),
    "Forbearance, deferment and interest": Issue(
        lead=(
            "[I only|I just] asked [a question|for help], and <firm> [steered|pushed] me into forbearance [year after year|], so <thing> [grew|went] from [18,000|24,000|31,000] to [twice that|over sixty thousand].",
            "[I am|I was] [back in school|in a residency|on active duty], [yet|and] <firm> [ended|did not grant] the deferment [on|of] <thing>.",
            "[After|When] the [payment pause|pandemic pause] ended, <firm> [took|drew] <big> [out of my bank|] for <thing> without [a bill|notice].",
            "[Ten|Fourteen|Eleven] years of paying and <thing> is [bigger|higher] than [the day I graduated|when I signed], [<firm> puts|because <firm> puts] [everything|it all] [to|toward] interest.",
        ),
        more=(
            "[No one|Nobody] [mentioned|told me about] [a payment based on income|other plans].",
            "[The promissory note|My note] [says|gives me] [a grace period of|] six months.",
            "[The enrollment|The registrar's] [letter|form] was [sent|filed] by [my college|the school] [itself|].",
            "[I was|I signed at] 18 [years old|] and [understood|knew] [nothing|very little] [of this|].",
        ),
    ),
    "School closed, discharge or cosigner": Issue(
        lead=(
            "[My school|The college] [closed|shut its doors|lost its accreditation] before I [finished|graduated], <firm> [denies|denied] the discharge of <thing>.",
            "[My disability|The VA] [rating|] [qualifies|should qualify] me for [a|] discharge of <thing>, <firm> [keeps|goes on] billing.",
            "[My father|My mother] cosigned <thing>, I made [48|36] payments [on time|], and <firm> [will not|refuses to] [release|let go of] [the cosigner|him].",
            "[The school|My school] lied about [job placement|its credits], [my claim|the borrower defense claim] has sat [somewhere|there] for <span>, [and|] <firm> [still wants|wants] payment [on <thing>|].",
        ),
        more=(
            "[Credits|The credits] do not transfer [anywhere|].",
            "[The cosigner|He] is [79|dying|retired], [and|] his [credit|pension] [is tied up|should not hang on this].",
            "[Classmates|Other students] [with the same|from my] program [got|were given] [theirs|a discharge].",
            "The [degree|certificate] is [worthless|not worth the paper].",
        ),
    ),
    "Payments misapplied by the servicer": Issue(
        lead=(
            "I [pay|send] extra [on|toward] <thing> [each month|] [with instructions|] to [hit|pay down] the highest rate [first|], <firm> [spreads|scatters] it [over all of them|as it likes].",
            "<firm> [has|put] <thing> in paid ahead status [so|and] [the next month|my forgiveness month] [does not|did not] count.",
            "[I paid|I sent] <big> to [pay off|clear] one of my loans, [and|] <firm> [applied|put] it [elsewhere|to future bills].",
            "<firm> returned my payment [for|on] <thing> and [reported|then reported] me [delinquent|90 days late].",
        ),
        more=(
            "[Seven|Five|Nine] loan groups, [each|all] with [its|their] own [rate|balance], [a mess|it is a mess].",
            "[I wrote|The memo said] [which group|loan group C] [in the memo|plainly].",
            "[My own spreadsheet says they are|I keep a spreadsheet and they are] off by <small>.",
            "[The secure|Their message] inbox [answers|replies] [in 15 days|with a link].",
        ),
    ),
}

VEHICLE_LOAN: dict[str, Issue] = {
    "Repossession": Issue(
        lead=(
            "<firm> [repossessed|took|towed] [my car|the truck|my SUV] [in the night|from my job] [although|when] [I had a deal|I was one payment behind|they had agreed to an extension] on <thing>.",
            "[My car|The vehicle] was [repoed|picked up] [by|for] <firm> [after|two days after] I [paid|made] the past due [amount|payment].",
            "<firm> sold the car at auction for <mid> and now wants <big> [as a deficiency|more] on <thing>.",
            "[My things|My tools|My child's car seat] [were|was] in the [car|truck] when <firm> [took it|repossessed it], [and|] [the lot|the repo yard] [wants|demands] <small> to [give|hand] anything back.",
        ),
        more=(
            "[No right to cure letter ever came|I got no right to cure notice], [my state|the state] requires one.",
            "[The driver|The repo man] [hit my fence|came into my closed garage|threatened my son].",
            "Without [wheels|a car] I [lost|am losing] my job.",
            "It had only [41,000|62,000] miles and [new tires|a new transmission].",
            "[The GPS|The starter] [box|device] [shut it off|cut the engine] [on the highway|in a parking lot].",
        ),
    ),
    "Title, payoff and total loss": Issue(
        lead=(
            "I paid off <thing> [in|on] <date> and <firm> [has not sent|will not send|does not release] the title, [so|and] I cannot [sell|register] the [car|truck].",
            "[My car|The car] was [totaled|stolen], the insurance paid, [gap|and the gap coverage] [was refused|paid nothing], and <firm> [wants|bills] <big> [more|].",
            "<firm> [quoted|gave] a payoff of <big> [for|on] <thing>, [the dealer|I] paid it, [then|and] they [found|came up with] <small> more.",
            "[The trade in|My trade in] was [never|not] paid off by the dealer, [so|and] <firm> [chases|reports] me [for|on] <thing>.",
        ),
        more=(
            "[The DMV|The motor vehicle office] [says|sees] the lien [is|as] still [there|open].",
            "[I have|There is] a buyer [waiting|who will not wait].",
            "The gap contract cost <mid> and is [part of|in] the financing.",
            "[Registration|My tags] [expired|ran out] in <date>, [two tickets|one ticket] so far.",
            "[The wrong|A wrong] VIN [is|was] on [the paper|the release].",
        ),
    ),
    "Dealer, contract and add-ons": Issue(
        lead=(
            "[The dealer|The dealership] [told|promised] me [6|5] percent, <thing> [came|was written] with [14|17|19] percent and <n> [add ons|warranties] I [never agreed|did not agree] to.",
            "[I signed|They had me sign] on a tablet, [later|at home] I saw a [warranty|service contract] of <big> [rolled|buried] in <thing>.",
            "[The car|The used car] [broke|died] [after|in] [nine|five|eleven] days, the dealer [closed|shrugs], and <firm> says I must [pay|go on paying] <thing>.",
            "[Weeks|Ten days] after I drove off, <firm> [called me back in|wanted the contract signed again] because [financing|the deal] [fell through|was not final].",
            "Somebody [wrote|put] a false income on the application for <thing>, <firm> [does not|will not] [care|look].",
        ),
        more=(
            "[The odometer|The carfax] [was|is] [off|not what they said].",
            "I cancelled the [warranty|add ons] within thirty days, the refund [never reached|did not reach] the loan.",
            "A yo yo [sale|deal], my [lawyer|cousin] calls it.",
            "[My down payment|The down payment] of <small> was [not|never] [credited|on the contract].",
            "The monthly [amount|payment] the salesman [wrote|scribbled] on a [napkin|sheet] was [much|] lower.",
        ),
    ),
    "Payments, deferral and lease end": Issue(
        lead=(
            "[When|After] I returned [the lease|my leased car], <firm> [billed|charged] me <big> for [wear|scratches|tires] [that the inspector passed|no one noted].",
            "<firm> [granted|gave me] a two month deferral on <thing> and [then|] [reported|counted] both [months|] as late.",
            "[My payments|Extra payments] on <thing> go [to|into] interest, the [balance|payoff] [hardly|does not] [move|moves] after [three|four] years.",
            "[I tried|I want] to buy [out|] my lease, <firm> [raised|changed] the [price|residual] [from what the contract says|by <small>].",
        ),
        more=(
            "[The inspector|Their inspector] wrote [no damage|normal wear], [I have|here is] the [sheet|form].",
            "It is a simple interest loan, [each|every] day [costs|adds] <fee>.",
            "[The miles were|I was] [well|4,000] under the [limit|allowance].",
            "[The extension|The deferral] letter says nothing about [a late mark|late marks].",
        ),
    ),
}

PAYDAY_LOAN: dict[str, Issue] = {
    "Interest and payments never end": Issue(
        lead=(
            "I borrowed <mid> [on|with] <thing>, [paid|have paid] <lots> [so far|already], and <firm> [says|claims] I still owe the whole [principal|amount].",
            "[The rate|The interest] [on|of] <thing> is [over 400|650|about 390] percent, [nobody said so|they did not say it], <firm> [takes|took] <small> every [payday|two weeks].",
            "<firm> renews <thing> [by itself|each time], [only|and only] the fee is [paid|taken], [never|not] [the loan|what I borrowed].",
            "[A tribal|This tribal] lender [lent|gave] me <mid>, I [owe|am told I owe] <lots> [after|in] [four|five] months, loans like this are not [even|] legal in my state.",
        ),
        more=(
            "[The contract|The agreement] [was|is] [a~ eleven page|a long] [scroll|email] I signed on my phone.",
            "[I was|I got] desperate [because of|after] <trouble>.",
            "[No license|They have no license] in [my state|this state], [I checked|says the banking office].",
            "[Every|Each] two weeks <small> [goes|comes] [out|straight out] of my [check|pay].",
        ),
    ),
    "Unauthorized withdrawals": Issue(
        lead=(
            "<firm> [took|pulled|debited] <n> payments [from|out of] my bank in [one|a single] day for <thing>, [and|so] I [was overdrawn|had overdraft fees].",
            "[I closed|I had to close] my bank account [because|since] <firm> [would not|will not] stop [drawing|taking] money for <thing>.",
            "[I revoked|I took back] [the|my] ACH [authorization|permission] [in writing|], [but|and] <firm> [went on|kept] [debiting|taking] <small> for <thing>.",
            "[Money|<small>] [was|showed up as] deposited in my bank by <name> [that I never asked for|without any application], [now|and now] <firm> takes [payments|fees] for <thing>.",
        ),
        more=(
            "[They split|The payment was split] [it|] into [small|odd] [sums|amounts] [to get around|so the bank would not see] [the stop|it].",
            "[My bank|The bank] [blames|points at] the lender, the lender [blames|points at] [my bank|them].",
            "[That was|It was] [my|the] [rent|light bill] money.",
            "[The date was not the one we agreed|They moved the date and never told me].",
        ),
    ),
    "Loan never received or never applied for": Issue(
        lead=(
            "[A site|A website] [approved me for|promised me] [a|an online] loan of <lots>, [asked for|wanted] <small> [up front|as insurance] and [I got nothing|the loan never came].",
            "[I typed|I entered] my [details|social] on a [loan|cash advance] [site|website] [just to look|], [now|and now] <firm> says I [have|took] <thing>.",
            "[Somebody|A thief] took <thing> [out|] [in my name|with my social], the money [went|was sent] to [an account|a card] [I do not know|that is not mine].",
            "[I rescinded|I cancelled] <thing> the [same|next] day [as allowed|], <firm> [took|drew] [the fee|payments] anyway.",
        ),
        more=(
            "They [had|made] me [read|send] the numbers of [gift cards|a voucher] [for|as] [a|the] fee.",
            "Since then [thirty|dozens of] lenders [text|call] me [every day|].",
            "There is no [contract|signature] they can show.",
            "[I needed it for|The loan was for] <need>.",
        ),
    ),
    "Title loan and store lender": Issue(
        lead=(
            "[I gave|They hold] [my car title|the title to my truck] for [a title|] [loan|advance] of <mid>, I paid <lots>, and <firm> [threatens|wants] to [take|pick up] the car.",
            "[The cash advance|The] store [cashed|put through] my [post dated|] check for <thing> [early|before payday].",
            "[The store|The cash advance store] [lost|has no record of] my cash payment [on|for] <thing>, [the clerk|and the clerk] [quit|was fired].",
            "<firm> made me take [a new|another] loan to [pay|cover] <thing>, [three|five] times [now|in a row].",
        ),
        more=(
            "[The receipt|My receipt] is [handwritten|on thermal paper and faded].",
            "[It is|That car is] [how I get|my only way] to work.",
            "[The payoff|What I owe] [changes|is different] [every time I ask|each visit].",
            "[The manager|The girl] at the [counter|store] [said|told me] [everybody does it|to roll it over].",
        ),
    ),
}
