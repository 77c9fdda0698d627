"""Form letters that circulate: each family is one letter, sent by many with a few words changed."""

# ruff: noqa: E501 - each line is one sentence
from __future__ import annotations

from typing import NamedTuple


class Letter(NamedTuple):
    """One family of template letters.

    Attributes:
        product: What the letters are about.
        planted: How many to plant, exact copies included.
        first: Earliest date, as a share of the corpus' days: letters come in waves.
        last: Latest date, likewise.
        body: The letter, sentence by sentence; choices are kept few so that letters stay near-duplicates.
    """

    product: str
    planted: int
    first: float
    last: float
    body: tuple[str, ...]


LETTERS: dict[str, Letter] = {
    "block-605b": Letter("Credit reporting", 56, 0.10, 0.75, (
        "My name is XXXX XXXX and [this complaint is not made in error|I file this complaint myself], nor is any third party or repair firm behind it.",
        "I learned that personal data about me was stolen and that the entries named below came onto my credit report without my knowledge.",
        "Section 605B obliges a consumer reporting agency to block whatever a thief has brought into my file, and it has four business days for it, counted from the day on which it holds proof of who I am, a theft report and my signed word that no transaction of mine stands behind it.",
        "I have furnished all three and the agency has let the four days go by.",
        "The entries to be blocked are: <creditors>.",
        "None of them was opened, used or approved by me, and I received no goods, services or money from any of them.",
        "An entry that cannot be shown to be mine may not be kept on file under the pretext that a furnisher has confirmed it.",
        "[I therefore require that the entries be blocked at once and that written notice be sent to every furnisher.|Block the entries at once and tell every furnisher in writing.]",
    )),
    "unverified-accounts": Letter("Credit reporting", 66, 0.0, 1.0, (
        "[In reviewing my credit report dated <date>|On going through a copy of my credit report], I found several entries that are inaccurate, incomplete or cannot be verified.",
        "Whoever keeps a file on a consumer owes him privacy first and exactness next, and I have been given neither.",
        "The following items have been furnished without my written instructions and in breach of the duties that a furnisher owes me: <creditors>.",
        "A reporting agency that publishes an account ought to be able to show a paper on which I told it to, and there is no such paper.",
        "I have asked on more than one occasion that these items be examined again, and on each occasion I was sent a standard reply which shows that no person looked at my file.",
        "Continued publication of these items harms my standing with lenders, landlords and employers every day that it lasts.",
        "Remove the items listed above [within the time the statute allows|without further delay] and send me a corrected copy of my report free of charge.",
    )),
    "method-of-verification": Letter("Credit reporting", 44, 0.25, 1.0, (
        "This letter is a formal request for the method by which you claim to have verified the accounts that I disputed [on <date>|earlier this year].",
        "You answered that the accounts were verified, and you did not say who verified them, on what day, by what document or through which telephone number.",
        "Section 611 requires you to tell me within fifteen days of my request how you went about it, step by step, what was held against what, and the name and address of each business that you wrote to or called.",
        "If you hold no copy of an original contract bearing my signature, then the accounts were not verified, they were merely repeated.",
        "The accounts in question are: <creditors>.",
        "Failure to answer will be taken as an admission that no reinvestigation took place and that the accounts must be deleted.",
        "[I keep a copy of this letter and proof of its mailing.|A copy of this letter stays with me as evidence.]",
    )),
    "inquiries": Letter("Credit reporting", 36, 0.30, 0.90, (
        "I am sending this complaint to inform the agency that there are hard inquiries in my file which were made without my consent.",
        "I have contacted each company by post and asked it to show the signed application on which it relied, and not one has been able to do so.",
        "The inquiries are the following: <creditors>.",
        "Access to a consumer's file is allowed for a permissible purpose only, and a purpose that exists on no paper is not permissible.",
        "These inquiries make me look like a person in want of money and have lowered my score at a time when I hope to buy a home for my family.",
        "I ask that all inquiries which are not linked to an open account be taken off, and that an updated report be mailed to my address [as soon as the work is done|within thirty days].",
    )),
    "late-payments": Letter("Credit reporting", 34, 0.45, 1.0, (
        "I am filing because late payments are shown on accounts that were never late, and nobody has corrected them after [two|three|several] letters.",
        "The accounts, among them a student loan, a mortgage and a card, were paid by automatic draft on the first of every month and the drafts are shown in the statements that I sent.",
        "The history on one page says current while the history on the next page says thirty days late for the same month, which no one could report in good faith.",
        "A reasonable procedure to assure maximum possible accuracy would have caught a contradiction that stands on two facing pages.",
        "The entries concerned are: <creditors>.",
        "Correct the payment history to show that every payment was made as agreed, or delete the accounts in their entirety.",
    )),
    "opt-out-privacy": Letter("Credit reporting", 26, 0.60, 1.0, (
        "Please take notice that I have exercised my right to opt out of the sharing of my nonpublic personal information with parties who are not affiliated with the institution to which I gave it.",
        "No institution may disclose such information unless it has clearly and in writing explained to me how I can exercise that option, and none of the institutions below has ever done so: <creditors>.",
        "A bank, a dealer or a card issuer that shares my data after I have said no acts against the privacy rule, and whoever publishes the data takes part in it.",
        "I never received a privacy notice, a form or a number to call, and what was not disclosed cannot have been agreed to.",
        "[I demand that the accounts be removed and that the sharing cease.|Remove the accounts and let the sharing cease.]",
        "I will pursue every remedy that the law offers for each day on which my private information remains in public view.",
    )),
    "validate-debt": Letter("Debt collection", 42, 0.0, 1.0, (
        "I am responding to [your notice dated <date>|a notice that you sent me], and I dispute the whole of the debt that you claim.",
        "I do not refuse what I owe, I ask you to validate it first, as the Fair Debt Collection Practices Act lets me.",
        "I ask for evidence that would stand up before a judge, and a bare statement of a balance is not evidence.",
        "Please supply what the money is for, how the sum of <amount> was worked out, a copy of any paper that bears my signature, the name of the first creditor, the date of the last payment and your license number in my state.",
        "Until you have done so you may not telephone me, sell the account to others or report it to any bureau.",
        "Any entry that you have placed on a credit report must be taken down while the matter is open.",
        "[I have had no answer and the calls go on, which is why I turn to you.|No answer came, and so I turn to you.]",
    )),
    "cease-contact": Letter("Debt collection", 24, 0.20, 0.85, (
        "I have told this collector in writing to cease all communication with me, with my family and with my place of work, and it has not obeyed.",
        "A collector that has been notified in writing that a consumer wishes it to stop may write once more to say that it has stopped or what remedy it will use, and may do nothing else.",
        "Since my notice of <date> I have logged [eleven|nineteen|twenty six] calls, two letters and a message left with a colleague.",
        "Every one of these contacts is a separate violation for which the statute provides damages.",
        "The account, said to come from a card and a personal loan that I cannot place, was never shown to be mine in the first place.",
        "I ask that the collector close the account, return it to whoever sold it and confirm in writing that it will not be passed on.",
    )),
    "paid-collection-deletion": Letter("Debt collection", 14, 0.55, 1.0, (
        "The account in question was paid in full on <date> after a representative agreed on a recorded line that it would be withdrawn from all reports.",
        "Relying on that promise I borrowed the sum from a relative and sent it by cashier's check the same afternoon.",
        "The company now writes that it has no policy of withdrawing anything and that its representative was not allowed to say so.",
        "A false statement made in order to get money is forbidden whether or not the money was owed.",
        "It has cost me the approval for a mortgage that was promised on condition that this one line disappear.",
        "I ask that the recording be kept, that it be listened to and that the company be held to its word [without another round of letters|at last].",
    )),
    "billing-error-notice": Letter("Credit card", 32, 0.10, 1.0, (
        "This is a notice of billing error under the Fair Credit Billing Act concerning a charge of <amount> that appears on my statement [closing on <date>|of last month].",
        "The notice was mailed to the address for billing inquiries within sixty days of the first statement on which the error appeared, and it named the account, the sum and the reason.",
        "The bank was bound to acknowledge it within thirty days and to settle it within two billing cycles, and it did neither.",
        "Instead it closed the matter on the word of the merchant, added finance charges to the disputed sum and reported the account as past due.",
        "A creditor that fails to follow the procedure forfeits the right to collect the first fifty dollars whether the bill was right or wrong.",
        "I ask for removal of the charge, of all interest that grew from it and of the late mark that followed.",
    )),
    "regulation-e-claim": Letter("Bank account", 30, 0.0, 0.90, (
        "I gave oral and written notice of unauthorized electronic transfers in the total of <amount> within two business days of finding them.",
        "Regulation E places on the institution the burden of proving that a transfer was authorized, and it may not shift that burden to me by pointing out that a code or a chip was used.",
        "The institution was to finish its inquiry in ten business days or to credit the sum provisionally while it took longer.",
        "It did not credit the sum, it did not share the documents on which it relied and it closed the claim with one sentence [dated <date>|that gave no reason].",
        "I request copies of every document used in the inquiry, as the rule entitles me to, and the return of the money together with all overdraft fees that the loss brought about.",
        "Should the funds not be restored I will ask for treble damages, since no good faith inquiry was made.",
    )),
    "notice-of-error": Letter("Mortgage", 26, 0.15, 1.0, (
        "This is a notice of error and a qualified written request under the Real Estate Settlement Procedures Act.",
        "The servicer has failed to credit payments on the day of receipt, has charged fees that no document allows and has paid the taxes of our county after the due date.",
        "I ask for a full life of loan history in plain words, an escrow analysis for each of the last three years, the names of the owner and of any earlier servicer, and a list of every fee with the clause that permits it.",
        "The servicer must acknowledge this notice within five business days and answer it within thirty, and during sixty days it may not report any payment that is in dispute as late.",
        "A sum of <amount> is held in suspense [since <date>|for no reason] while we are told that we are behind.",
        "Kindly instruct the servicer to correct the account and to confirm the correction to all parties in writing.",
    )),
    "borrower-defense": Letter("Student loan", 20, 0.40, 1.0, (
        "I am one of many former students whose applications for relief have been left without a decision while interest goes on growing.",
        "The institution told us that nine in ten graduates found work in the field, that credits would transfer to any state university and that the cost was covered by grants, and each of these statements was untrue.",
        "I submitted the application with transcripts, advertisements and the names of two recruiters [in <date>|more than a year ago].",
        "The servicer took me out of the protected status without a reason and demands <amount> each month as if nothing had been filed.",
        "It also gave a negative mark to the bureaus while the file was pending, which the program does not allow.",
        "I ask that collection be stopped, that the interest be removed and that a person decide the application on its merits.",
    )),
    "repossession-notice": Letter("Vehicle loan", 12, 0.30, 0.95, (
        "Notice is given that the repossession carried out [on <date>|at my address] was wrongful and that the sale which followed was not commercially reasonable.",
        "No notice of the right to cure was sent, the peace was breached by entering a locked yard and personal property was kept until a fee was paid.",
        "The finance company sold the automobile for a fraction of its book value to a buyer with whom it deals every week.",
        "It then sent a demand for a deficiency of <amount> with no accounting of the sale, the costs or the refund on cancelled service contracts.",
        "A secured party that does not follow the rules on disposition loses the deficiency and owes the debtor damages.",
        "I ask that the deficiency be withdrawn, the tradeline deleted and the down payment returned.",
    )),
    "scam-transfer": Letter("Money transfer", 16, 0.35, 1.0, (
        "I was the target of an impostor who showed the caller identification of a company that I trust and led me to confirm a payment of <amount> while he was on the line.",
        "I reported what had happened to the service before the hour was over, and the payment was still shown as pending.",
        "The service replied that instant payments cannot be recalled and that I had entered the code myself, which is exactly what the impostor was trained to make me do.",
        "A payment brought about by fraud is not an authorized one, and the regulator has said as much in its published answers.",
        "Other customers lost money to the same recipient in the same week, so the service knew and let the recipient go on.",
        "I ask for the return of the sum and for the removal of the recipient [from the network|so that nobody else is robbed].",
    )),
    "unlicensed-lender": Letter("Payday loan", 9, 0.20, 0.90, (
        "The online payday lender holds no license in the state where I live and where the loan was made, and under our statute such a loan is void from the start.",
        "I received <amount> by direct deposit and have paid back more than three times that sum by withdrawals every second Friday.",
        "A lender who hides behind the sovereignty of others cannot take away the protection that our law gives to borrowers.",
        "I have withdrawn my permission for further debits in writing and sent a copy to my bank [on <date>|by certified mail].",
        "The lender is to mark the account as paid, to return whatever was taken above the principal and to report nothing to anyone.",
    )),
    "drained-gift-card": Letter("Prepaid card", 8, 0.50, 1.0, (
        "The gift card was bought sealed at a national store and its balance of <amount> was spent by a stranger before it was ever taken out of the sleeve.",
        "The activation receipt, the sleeve and a photograph of the unscratched strip were sent to the program manager on the same day.",
        "The program manager answered that the balance had been used and that the purchaser should have kept the number secret, though nobody had seen the number.",
        "It is known to the trade that numbers are copied on the shelf and watched by machines until the moment of activation.",
        "I ask for a new card with the full value [or for a check|by post], and for a warning to be printed where buyers can see it.",
    )),
}  # fmt: skip

# Who a letter lists: short, so that a changed list leaves most of the letter's shingles alone.
LISTED = ("XXXX and XXXX", "XXXX, XXXX, XXXX", "XXXX XXXX, XXXX", "<listed>, balance <amount>",
          "XXXX, opened <date>", "<listed> and XXXX", "XXXX {$0.00}, XXXX <amount>")  # fmt: skip

# Words that somebody who copies a letter may change without noticing.
SWAPS = {
    "obliges": "requires", "entries": "items", "furnished": "provided", "accounts": "trade lines",
    "examined": "reviewed", "harms": "damages", "request": "demand", "consumer": "customer", "delete": "remove",
    "told": "informed", "sum": "amount", "money": "funds", "ask": "request", "sent": "mailed",
    "answer": "response", "shown": "listed", "matter": "case", "paper": "document", "claim": "complaint",
    "company": "business", "received": "got", "taken": "removed", "person": "human being", "notice": "letter",
}  # fmt: skip

# A line of one's own before or after the letter.
OWN_WORDS = (
    "Please help me.", "Thank you.", "I am tired of this.", "SECOND REQUEST", "Third notice!",
    "I have attached my documents.", "God bless.", "Account number XXXX.", "Sent by certified mail.",
    "This is my final attempt.", "XXXX XXXX", "Sincerely, XXXX", "To whom it may concern,", "See attachments.",
)  # fmt: skip
