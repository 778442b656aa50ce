package dev.lateen.control.ca;

import dev.lateen.xds.server.Authenticator;
import dev.lateen.xds.server.PeerIdentity;
import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Knows clients by the token of their service account, which the cluster's API reviews, or by the certificate that this
 * authority gave them before. A token that is shown must be good: a bad one is not made up for by a certificate.
 */
final class TokenAuthenticator implements Authenticator {
    /** Tokens are made for this one use: those for the API itself are of no use here. */
    static final String AUDIENCE = "istio-ca";

    private static final String ACCOUNT = "system:serviceaccount:";
    private static final int URI_NAME = 6;

    private final KubernetesClient client;
    private final Predicate<String> ownTrustDomain;

    /** @param ownTrustDomain whether certificates of a trust domain are the mesh's own */
    TokenAuthenticator(KubernetesClient client, Predicate<String> ownTrustDomain) {
        this.client = client;
        this.ownTrustDomain = ownTrustDomain;
    }

    @Override
    public PeerIdentity authenticate(Credentials credentials) {
        if (!credentials.token().isEmpty()) {
            return ofToken(credentials.token());
        }
        if (!credentials.certificates().isEmpty()) {
            return ofCertificate(credentials.certificates().getFirst());
        }
        throw new SecurityException("neither a token nor a certificate: send authorization: Bearer with a service"
                + " account's token of audience " + AUDIENCE);
    }

    private PeerIdentity ofToken(String token) {
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
            throw new SecurityException("the token is refused" + (reason == null ? "" : ": " + reason));
        }
        // An API server that does not know audiences answers without them, and takes tokens for anything.
        if (status.getAudiences() == null || !status.getAudiences().contains(AUDIENCE)) {
            throw new SecurityException("the token is not for audience " + AUDIENCE);
        }
        String user = status.getUser().getUsername();
        String[] account =
                user.startsWith(ACCOUNT) ? user.substring(ACCOUNT.length()).split(":", -1) : new String[0];
        if (account.length != 2 || account[0].isEmpty() || account[1].isEmpty()) {
            throw new SecurityException("the token is not of a service account but of " + user);
        }
        return new PeerIdentity("", account[0], account[1]);
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
