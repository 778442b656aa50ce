package dev.lateen.proxy.http;

import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.FaultField;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.listener.AccessLog;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A connection as its lines in access logs tell of it, where what it carries is not looked at. */
public interface ConnectionContext extends FormatContext {
    /** What is known of it. */
    ConnectionInfo info();

    /** Bytes from the client. */
    long received();

    /** Bytes to the client. */
    long sent();

    /** When such lines are written, in Envoy's words (command {@code ACCESS_LOG_TYPE}). */
    String logType();

    @Override
    default @Nullable RequestHead request() {
        return null;
    }

    @Override
    default @Nullable ResponseHead response() {
        return null;
    }

    @Override
    default @Nullable Fields trailers() {
        return null;
    }

    @Override
    default @Nullable String value(Operator operator, String argument) {
        return switch (operator) {
            case BYTES_RECEIVED -> Long.toString(received());
            case BYTES_SENT -> Long.toString(sent());
            case ACCESS_LOG_TYPE -> logType();
            default -> info().value(operator, argument);
        };
    }

    @Override
    default @Nullable String fault() {
        Fault why = info().fault();
        return why == null ? null : FaultField.of(why, info().service().faults().by(), null);
    }

    /** Writes its lines to these logs. */
    default void log(List<AccessLog> logs) {
        HttpService service = info().service();
        for (AccessLog log : logs) {
            if (log.filter().takes(0, info().flags(), info().millis(), this, service.random())) {
                service.log().tell(log, this);
            }
        }
    }
}
