package dev.lateen.proxy.http;

import dev.lateen.proxy.telemetry.PeerExchange.Peer;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.FaultField;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import org.jspecify.annotations.Nullable;

/**
 * Who is to blame that no app answered a request ({@link FaultField}).
 *
 * @param ours what this proxy answered with; null when it was one further on
 * @param told what that one said
 */
record FaultNote(@Nullable Fault ours, String told) {
    /** What this proxy answers with. */
    static FaultNote of(Fault fault) {
        return new FaultNote(fault, "");
    }

    /**
     * Takes out of an answer what it says of a fault, so that nothing of it is passed on unasked.
     *
     * @param from who answers; only proxies of the mesh are believed, an app is not
     * @return null where there is nothing to be believed
     */
    static @Nullable FaultNote take(Fields answer, @Nullable Peer from) {
        String value = answer.get(FaultField.NAME);
        if (value == null) {
            return null;
        }
        answer.remove(FaultField.NAME);
        boolean believed = from != null && from.readsFaults() && value.length() <= FaultField.LONGEST;
        return believed ? new FaultNote(null, value) : null;
    }

    /** The field's value. */
    String text(HttpService.Faults own, RequestHead request) {
        Fault fault = ours;
        return fault == null
                ? told
                : FaultField.of(fault, own.by(), request.fields().get(FieldName.X_REQUEST_ID));
    }

    /** Whether who called wants to have it. */
    static boolean asked(RequestHead request) {
        return "fault".equals(request.fields().get(FaultField.ASKED));
    }
}
