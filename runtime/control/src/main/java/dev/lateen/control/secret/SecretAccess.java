package dev.lateen.control.secret;

import dev.lateen.xds.server.PeerIdentity;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whether a proxy's service account may have a Secret of its namespace: the cluster is asked (SubjectAccessReview), and
 * its answers hold for a while. Enough is verb {@code list} on secrets, as Istio asks for it; or verb {@code use}, which
 * means nothing to the API itself, so that a gateway need not be able to read the other Secrets of its namespace. Waits
 * for the API; safe for many threads.
 */
final class SecretAccess {
    private static final Duration GRANTED = Duration.ofMinutes(5);
    private static final Duration REFUSED = Duration.ofSeconds(10);

    private record Question(PeerIdentity peer, String name) {}

    private record Answer(String refusal, Instant until) {}

    private final KubernetesClient client;
    private final InstantSource clock;
    private final Map<Question, Answer> answers = new ConcurrentHashMap<>();

    SecretAccess(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
    }

    /** Why it may not; empty when it may. */
    String refusal(PeerIdentity peer, String name) {
        Instant now = clock.instant();
        Question question = new Question(peer, name);
        Answer known = answers.get(question);
        if (known != null && known.until.isAfter(now)) {
            return known.refusal;
        }
        String refusal = ask(peer, name);
        answers.values().removeIf(answer -> !answer.until.isAfter(now));
        answers.put(question, new Answer(refusal, now.plus(refusal.isEmpty() ? GRANTED : REFUSED)));
        return refusal;
    }

    private String ask(PeerIdentity peer, String name) {
        try {
            if (isAllowed(peer, "use", name) || isAllowed(peer, "list", "")) {
                return "";
            }
            return "service account " + peer + " may neither use it nor list secrets in namespace " + peer.namespace()
                    + ": bind it to a Role with verb use on it";
        } catch (KubernetesClientException e) {
            return "the cluster does not say whether service account " + peer + " may use it: " + e.getMessage();
        }
    }

    private boolean isAllowed(PeerIdentity peer, String verb, String name) {
        SubjectAccessReview review = client.authorization()
                .v1()
                .subjectAccessReview()
                .create(new SubjectAccessReviewBuilder()
                        .withNewSpec()
                        .withUser("system:serviceaccount:" + peer.namespace() + ":" + peer.serviceAccount())
                        .addToGroups(
                                "system:serviceaccounts",
                                "system:serviceaccounts:" + peer.namespace(),
                                "system:authenticated")
                        .withNewResourceAttributes()
                        .withNamespace(peer.namespace())
                        .withVerb(verb)
                        .withResource("secrets")
                        .withName(name)
                        .endResourceAttributes()
                        .endSpec()
                        .build());
        return review.getStatus() != null
                && Boolean.TRUE.equals(review.getStatus().getAllowed());
    }
}
