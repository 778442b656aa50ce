package dev.lateen.xds.server;

import io.grpc.Context;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who is at the other end of a connection, as the server has proof of it: a service account.
 *
 * @param trustDomain empty when the proof is a token, whose trust domain is the server's own
 */
public record PeerIdentity(String trustDomain, String namespace, String serviceAccount) {
    static final Context.Key<PeerIdentity> CURRENT = Context.key("peer identity");

    private static final String SCHEME = "spiffe://";

    /** Of the call that is being served on this thread; null on a port without authentication. */
    public static @Nullable PeerIdentity current() {
        return CURRENT.get();
    }

    /** Reads {@code spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT}; anything else is no identity of Istio's. */
    public static Optional<PeerIdentity> ofUri(String uri) {
        if (!uri.startsWith(SCHEME)) {
            return Optional.empty();
        }
        String[] parts = uri.substring(SCHEME.length()).split("/", -1);
        if (parts.length != 5 || !parts[1].equals("ns") || !parts[3].equals("sa")) {
            return Optional.empty();
        }
        if (parts[0].isEmpty() || parts[2].isEmpty() || parts[4].isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new PeerIdentity(parts[0], parts[2], parts[4]));
    }

    /** The SPIFFE id of this account in a trust domain. */
    public String uri(String inTrustDomain) {
        return SCHEME + inTrustDomain + "/ns/" + namespace + "/sa/" + serviceAccount;
    }

    @Override
    public String toString() {
        return namespace + "/" + serviceAccount;
    }
}
