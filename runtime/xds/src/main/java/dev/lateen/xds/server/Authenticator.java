package dev.lateen.xds.server;

import java.security.cert.X509Certificate;
import java.util.List;

/** Finds out who a client is. Called on a thread that may wait. */
@FunctionalInterface
public interface Authenticator {
    /**
     * What a client shows.
     *
     * @param token of header {@code authorization: Bearer}; empty for none
     * @param certificates that the TLS handshake has verified, the client's own first; empty for none
     * @param address that it calls from, without its port
     */
    record Credentials(String token, List<X509Certificate> certificates, String address) {
        @Override
        public String toString() {
            return (token.isEmpty() ? "no token" : "a token") + " and " + certificates.size() + " certificates";
        }
    }

    /**
     * Who it is.
     *
     * @throws SecurityException with a reason that is told to the client, when nothing that it shows proves anything
     * @throws io.grpc.StatusRuntimeException that is told to the client as it is, when it is to try again later
     */
    PeerIdentity authenticate(Credentials credentials);
}
