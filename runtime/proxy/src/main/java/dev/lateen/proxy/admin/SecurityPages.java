package dev.lateen.proxy.admin;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.lateen.proxy.http.Decisions.Decision;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Identity and refusals as JSON. */
final class SecurityPages {
    private static final int URI_NAME = 6; // RFC 5280, GeneralName

    private SecurityPages() {}

    /** In the form of Envoy's page {@code /certs} (envoy.admin.v3.Certificates). */
    static String certificate(@Nullable X509Certificate certificate) {
        ListValue.Builder list = ListValue.newBuilder();
        if (certificate != null) {
            Instant end = certificate.getNotAfter().toInstant();
            Struct.Builder details = Struct.newBuilder()
                    .putFields("path", text("<inline>"))
                    .putFields(
                            "serial_number", text(certificate.getSerialNumber().toString(16)))
                    .putFields("subject_alt_names", list(uris(certificate)))
                    .putFields(
                            "days_until_expiration",
                            text(Long.toString(Math.max(
                                    0, Duration.between(Instant.now(), end).toDays()))))
                    .putFields(
                            "valid_from",
                            text(certificate.getNotBefore().toInstant().toString()))
                    .putFields("expiration_time", text(end.toString()));
            list.addValues(Value.newBuilder()
                    .setStructValue(Struct.newBuilder()
                            .putFields(
                                    "cert_chain",
                                    list(List.of(Value.newBuilder()
                                            .setStructValue(details)
                                            .build())))));
        }
        return json(Struct.newBuilder()
                .putFields("certificates", Value.newBuilder().setListValue(list).build()));
    }

    private static List<Value> uris(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names == null
                    ? List.of()
                    : names.stream()
                            .filter(name -> name.getFirst().equals(URI_NAME))
                            .map(name -> Value.newBuilder()
                                    .setStructValue(
                                            Struct.newBuilder().putFields("uri", text(String.valueOf(name.get(1)))))
                                    .build())
                            .toList();
        } catch (CertificateParsingException e) {
            return List.of(); // it was parsed when it was taken into use
        }
    }

    /** {@code {"decisions":[{"id","at","subject","reasons":[…]}]}}. */
    static String decisions(List<Decision> decisions) {
        List<Value> all = decisions.stream()
                .map(decision -> Value.newBuilder()
                        .setStructValue(Struct.newBuilder()
                                .putFields("id", text(decision.id()))
                                .putFields("at", text(decision.at().toString()))
                                .putFields("subject", text(decision.subject()))
                                .putFields(
                                        "reasons",
                                        list(decision.reasons().stream()
                                                .map(SecurityPages::text)
                                                .toList())))
                        .build())
                .toList();
        return json(Struct.newBuilder().putFields("decisions", list(all)));
    }

    private static Value text(String text) {
        return Value.newBuilder().setStringValue(text).build();
    }

    private static Value list(List<Value> values) {
        return Value.newBuilder()
                .setListValue(ListValue.newBuilder().addAllValues(values))
                .build();
    }

    private static String json(Struct.Builder struct) {
        try {
            return JsonFormat.printer().print(struct) + "\n";
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }
}
