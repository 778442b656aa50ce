package dev.lateen.console;

import dev.lateen.config.limit.KeyedRate;
import dev.lateen.config.limit.TokenVerdicts;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.api.model.authentication.UserInfo;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Asks the cluster whose a token is (TokenReview) and whether that one may forward ports in the mesh's namespace
 * (SubjectAccessReview): who may, sees the same that way. Tokens must be for {@link #AUDIENCE}, so that one that is
 * overheard opens nothing of the cluster itself. Who is allowed stays it for 30 s, as pages ask every two seconds, and
 * who is not for 10 s; one address can have the API asked about five other tokens a second, after 50 at once. Thread-safe;
 * waits for the API.
 */
public final class ClusterAuthorizer implements Authorizer {
    /** Whom tokens are made for: {@code kubectl create token NAME --audience lateen-console}. */
    public static final String AUDIENCE = "lateen-console";

    private static final String NAMESPACE = "istio-system";
    private static final Duration ALLOWED = Duration.ofSeconds(30);
    private static final Duration REFUSED = Duration.ofSeconds(10);
    private static final int REMEMBERED = 1000;
    private static final int AT_ONCE = 50;
    private static final Duration ONE_MORE = Duration.ofMillis(200);
    private static final int ADDRESSES = 1000;

    private final KubernetesClient client;
    private final TokenVerdicts<Verdict> verdicts;

    public ClusterAuthorizer(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.verdicts = new TokenVerdicts<>(
                clock,
                new KeyedRate(AT_ONCE, ONE_MORE, ADDRESSES),
                REMEMBERED,
                verdict -> verdict == Verdict.ALLOWED ? ALLOWED : REFUSED);
    }

    @Override
    public Verdict of(String token, String address) {
        return verdicts.of(token, address, () -> ask(token)).orElse(Verdict.TOO_MANY);
    }

    private Verdict ask(String token) {
        Optional<UserInfo> user = user(token);
        if (user.isEmpty()) {
            return Verdict.NOT_KNOWN;
        }
        return mayForwardPorts(user.get()) ? Verdict.ALLOWED : Verdict.FORBIDDEN;
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
