package dev.lateen.control.ca;

import dev.lateen.config.limit.KeyedRate;
import dev.lateen.config.limit.TokenVerdicts;
import dev.lateen.xds.XdsError;
import dev.lateen.xds.server.Authenticator;
import dev.lateen.xds.server.PeerIdentity;
import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Knows clients by the token of their service account, which the cluster's API reviews, or by the certificate that this
 * authority gave them before. A token that is shown must be good: a bad one is not made up for by a certificate. What the
 * API said of a token holds for a while, so that a token that it takes back may still open something for 30 s; and one
 * address can have it asked 50 times a second, after 200 at once.
 */
final class TokenAuthenticator implements Authenticator {
    /** Tokens are made for this one use: those for the API itself are of no use here. */
    static final String AUDIENCE = "istio-ca";

    private static final String ACCOUNT = "system:serviceaccount:";
    private static final int URI_NAME = 6;

    /** A token that is good may be of a workload that has just ended; one that is bad may get good soon. */
    private static final Duration GOOD = Duration.ofSeconds(30);

    private static final Duration BAD = Duration.ofSeconds(10);
    private static final int REMEMBERED = 10_000;

    /** Of one address, as many proxies may be behind one. */
    static final int AT_ONCE = 200;

    private static final Duration ONE_MORE = Duration.ofMillis(20);
    private static final int ADDRESSES = 10_000;

    private final KubernetesClient client;
    private final Predicate<String> ownTrustDomain;
    private final TokenVerdicts<Verdict> verdicts;
    private final Consumer<String> exceeded;

    /** What the API said of a token. */
    private sealed interface Verdict {
        record Account(PeerIdentity identity) implements Verdict {}

        record Refused(String reason) implements Verdict {}
    }

    /**
     * @param ownTrustDomain whether certificates of a trust domain are the mesh's own
     * @param exceeded told when somebody shows too many tokens
     */
    TokenAuthenticator(
            KubernetesClient client, Predicate<String> ownTrustDomain, InstantSource clock, Consumer<String> exceeded) {
        this.client = client;
        this.ownTrustDomain = ownTrustDomain;
        this.exceeded = exceeded;
        this.verdicts = new TokenVerdicts<>(
                clock,
                new KeyedRate(AT_ONCE, ONE_MORE, ADDRESSES),
                REMEMBERED,
                verdict -> verdict instanceof Verdict.Account ? GOOD : BAD);
    }

    @Override
    public PeerIdentity authenticate(Credentials credentials) {
        if (!credentials.token().isEmpty()) {
            return ofToken(credentials.token(), credentials.address());
        }
        if (!credentials.certificates().isEmpty()) {
            return ofCertificate(credentials.certificates().getFirst());
        }
        throw new SecurityException("neither a token nor a certificate: send authorization: Bearer with a service"
                + " account's token of audience " + AUDIENCE);
    }

    private PeerIdentity ofToken(String token, String address) {
        Optional<Verdict> verdict = verdicts.of(token, address, () -> review(token));
        if (verdict.isEmpty()) {
            exceeded.accept("tokens");
            throw XdsError.tooOften(
                    "from " + address + " came too many tokens that are not known yet; try again later");
        }
        return switch (verdict.get()) {
            case Verdict.Account(PeerIdentity identity) -> identity;
            case Verdict.Refused(String reason) -> throw new SecurityException(reason);
        };
    }

    private Verdict review(String token) {
        TokenReview review = client.tokenReviews()
                .create(new TokenReviewBuilder()
                        .withNewSpec()
                        .withToken(token)
                        .withAudiences(AUDIENCE)
                        .endSpec()
                        .build());
        TokenReviewStatus status = review.getStatus();
        if (status == null || !Boolean.TRUE.equals(status.getAuthenticated())) {
            String reason = status == null ? null : status.getError();
            return new Verdict.Refused("the token is refused" + (reason == null ? "" : ": " + reason));
        }
        // An API server that does not know audiences answers without them, and takes tokens for anything.
        if (status.getAudiences() == null || !status.getAudiences().contains(AUDIENCE)) {
            return new Verdict.Refused("the token is not for audience " + AUDIENCE);
        }
        String user = status.getUser().getUsername();
        String[] account =
                user.startsWith(ACCOUNT) ? user.substring(ACCOUNT.length()).split(":", -1) : new String[0];
        if (account.length != 2 || account[0].isEmpty() || account[1].isEmpty()) {
            return new Verdict.Refused("the token is not of a service account but of " + user);
        }
        return new Verdict.Account(new PeerIdentity("", account[0], account[1]));
    }

    private PeerIdentity ofCertificate(X509Certificate certificate) {
        List<PeerIdentity> identities = uris(certificate).stream()
                .map(PeerIdentity::ofUri)
                .flatMap(Optional::stream)
                .toList();
        if (identities.size() != 1) {
            throw new SecurityException("the certificate has " + identities.size() + " identities instead of one");
        }
        PeerIdentity identity = identities.getFirst();
        if (!ownTrustDomain.test(identity.trustDomain())) {
            throw new SecurityException("trust domain \"" + identity.trustDomain() + "\" is not of this mesh");
        }
        return identity;
    }

    private static List<String> uris(X509Certificate certificate) {
        try {
            Collection<List<?>> names = Objects.requireNonNullElse(certificate.getSubjectAlternativeNames(), List.of());
            return names.stream()
                    .filter(name -> name.get(0).equals(URI_NAME))
                    .map(name -> String.valueOf(name.get(1)))
                    .toList();
        } catch (CertificateParsingException e) {
            throw new SecurityException("the names of the certificate cannot be read", e);
        }
    }
}
