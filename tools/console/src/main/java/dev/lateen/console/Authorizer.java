package dev.lateen.console;

/** Knows by a token who may see single requests, refusals and rules. Safe for many threads; may wait. */
@FunctionalInterface
public interface Authorizer {
    /** What is known of a token. */
    enum Verdict {
        /** Its holder may see them. */
        ALLOWED,
        /** It is somebody's who may not. */
        FORBIDDEN,
        /** It is nobody's, has expired, or is not for the console. */
        NOT_KNOWN,
        /** Nobody was asked: too many tokens came from there. */
        TOO_MANY
    }

    /**
     * What is known of this token; what it says is not to be trusted before.
     *
     * @param address that it was shown from, without its port
     * @throws io.fabric8.kubernetes.client.KubernetesClientException when the cluster cannot be asked
     */
    Verdict of(String token, String address);
}
