package dev.lateen.console;

import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.api.model.authentication.UserInfo;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Asks the cluster whose a token is (TokenReview) and whether that one may forward ports in the mesh's namespace
 * (SubjectAccessReview): who may, sees the same that way. Tokens must be for {@link #AUDIENCE}, so that one that is
 * overheard opens nothing of the cluster itself. Who is allowed stays it for a while, as pages ask every two seconds.
 * Thread-safe; waits for the API.
 */
public final class ClusterAuthorizer implements Authorizer {
    /** Whom tokens are made for: {@code kubectl create token NAME --audience lateen-console}. */
    public static final String AUDIENCE = "lateen-console";

    private static final String NAMESPACE = "istio-system";
    private static final Duration REMEMBERED = Duration.ofSeconds(30);
    private static final int MOST = 1000;

    private final KubernetesClient client;
    private final InstantSource clock;
    private final Map<String, Instant> allowedUntil = new HashMap<>();

    public ClusterAuthorizer(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
    }

    @Override
    public Verdict of(String token) {
        Instant now = clock.instant();
        if (isRemembered(token, now)) {
            return Verdict.ALLOWED;
        }
        Optional<UserInfo> user = user(token);
        if (user.isEmpty()) {
            return Verdict.NOT_KNOWN;
        }
        if (!mayForwardPorts(user.get())) {
            return Verdict.FORBIDDEN;
        }
        remember(token, now.plus(REMEMBERED));
        return Verdict.ALLOWED;
    }

    private synchronized boolean isRemembered(String token, Instant now) {
        Instant until = allowedUntil.get(token);
        return until != null && now.isBefore(until);
    }

    private synchronized void remember(String token, Instant until) {
        if (allowedUntil.size() >= MOST) {
            allowedUntil.clear();
        }
        allowedUntil.put(token, until);
    }

    private Optional<UserInfo> user(String token) {
        TokenReviewStatus status = client.tokenReviews()
                .create(new TokenReviewBuilder()
                        .withNewSpec()
                        .withToken(token)
                        .withAudiences(AUDIENCE)
                        .endSpec()
                        .build())
                .getStatus();
        // An API server that does not know audiences answers without them, and takes tokens for anything.
        return status != null
                        && Boolean.TRUE.equals(status.getAuthenticated())
                        && status.getAudiences() != null
                        && status.getAudiences().contains(AUDIENCE)
                ? Optional.of(status.getUser())
                : Optional.empty();
    }

    private boolean mayForwardPorts(UserInfo user) {
        SubjectAccessReview review = client.authorization()
                .v1()
                .subjectAccessReview()
                .create(new SubjectAccessReviewBuilder()
                        .withNewSpec()
                        .withUser(user.getUsername())
                        .withGroups(Objects.requireNonNullElse(user.getGroups(), List.of()))
                        .withNewResourceAttributes()
                        .withNamespace(NAMESPACE)
                        .withVerb("create")
                        .withResource("pods")
                        .withSubresource("portforward")
                        .endResourceAttributes()
                        .endSpec()
                        .build());
        return review.getStatus() != null
                && Boolean.TRUE.equals(review.getStatus().getAllowed());
    }
}
