package dev.lateen.xds.server;

import java.util.LinkedHashMap;
import java.util.Map;

/** Which responses of one type were sent, accepted, refused. Nonces of earlier responses stay valid until answered. */
final class Answers {
    private final Map<String, Long> open = new LinkedHashMap<>();
    private String sent = "";
    private String acked = "";
    private long generation;
    private long ackedGeneration = -1;
    private long rejectedGeneration = -1;
    private String rejection = "";

    void sent(String nonce, long generation) {
        this.sent = nonce;
        this.generation = generation;
        open.put(nonce, generation);
    }

    /** Whether this nonce is that of the last response. */
    boolean isCurrent(String nonce) {
        return nonce.equals(sent);
    }

    boolean nothingSent() {
        return sent.isEmpty();
    }

    /**
     * Takes an ACK; a nonce that is not open is stale and changes nothing. A generation that came in several responses is
     * not accepted when one of them was refused.
     */
    void acked(String nonce) {
        Long of = open.remove(nonce);
        if (of == null) {
            return;
        }
        acked = nonce;
        if (of > rejectedGeneration) {
            ackedGeneration = of;
            rejection = "";
        }
    }

    /** Takes a NACK: the last ACK stays. False if the nonce is stale. */
    boolean rejected(String nonce, String reason) {
        Long of = open.remove(nonce);
        if (of == null) {
            return false;
        }
        rejection = reason;
        rejectedGeneration = of;
        return true;
    }

    boolean isRejected() {
        return !rejection.isEmpty();
    }

    TypeStatus status(String type, boolean wildcard, int subscribed) {
        return new TypeStatus(type, wildcard, subscribed, sent, acked, generation, ackedGeneration, rejection);
    }
}
