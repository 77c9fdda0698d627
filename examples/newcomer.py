"""A DataFrame in; trained, evaluated and routed; a DataFrame out."""

import triage

past = triage.load("complaints").to_frame()  # or your own DataFrame, with the columns text and label
(result,) = triage.evaluate(past, backends=["tfidf"])
print(f"accuracy {result.metrics['accuracy']:.3f}, macro-F1 {result.metrics['macro_f1']:.3f}")
model = triage.train(past, backend="tfidf", max_error=0.2).save("model")
decisions = triage.route(model, past.tail(20))
print(past.tail(20)[["label"]].join(decisions[["action", "queue", "confidence"]]))
