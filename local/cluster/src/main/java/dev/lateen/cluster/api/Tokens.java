package dev.lateen.cluster.api;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tokens of service accounts: JSON web tokens (RFC 7519) signed with a key that only this server has, and checked by
 * it alone, through TokenReview.
 */
final class Tokens {
    static final String ISSUER = "https://kubernetes.default.svc.cluster.local";
    private static final String HEADER = encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.UTF_8));

    private final JsonMapper mapper = new JsonMapper();
    private final byte[] key;

    Tokens(byte[] key) {
        this.key = key.clone();
    }

    /** Who a token stands for. */
    record Subject(
            String name,
            String uid,
            List<String> groups,
            List<String> audiences,
            String pod,
            String podUid,
            String id) {}

    String issue(
            String namespace,
            String account,
            String uid,
            JsonNode pod,
            List<String> audiences,
            Instant now,
            long seconds) {
        ObjectNode claims = mapper.createObjectNode();
        audiences.forEach(claims.putArray("aud")::add);
        claims.put("jti", UUID.randomUUID().toString());
        claims.put("iss", ISSUER).put("sub", "system:serviceaccount:" + namespace + ":" + account);
        claims.put("iat", now.getEpochSecond())
                .put("nbf", now.getEpochSecond())
                .put("exp", now.getEpochSecond() + seconds);
        ObjectNode kubernetes = claims.putObject("kubernetes.io").put("namespace", namespace);
        kubernetes.putObject("serviceaccount").put("name", account).put("uid", uid);
        if (!pod.path("name").asString("").isEmpty()) {
            kubernetes
                    .putObject("pod")
                    .put("name", pod.path("name").asString())
                    .put("uid", pod.path("uid").asString(""));
        }
        String content = HEADER + "." + encode(mapper.writeValueAsBytes(claims));
        return content + "." + encode(sign(content));
    }

    /** The subject of a token that is ours and has not expired. */
    Optional<Subject> check(String token, Instant now) {
        int dot = token.lastIndexOf('.');
        if (dot < 0 || !token.startsWith(HEADER + ".")) {
            return Optional.empty();
        }
        try {
            byte[] signature = Base64.getUrlDecoder().decode(token.substring(dot + 1));
            if (!MessageDigest.isEqual(signature, sign(token.substring(0, dot)))) {
                return Optional.empty();
            }
            JsonNode claims = mapper.readTree(Base64.getUrlDecoder().decode(token.substring(HEADER.length() + 1, dot)));
            if (claims.path("exp").asLong(0) <= now.getEpochSecond()) {
                return Optional.empty();
            }
            JsonNode kubernetes = claims.path("kubernetes.io");
            String namespace = kubernetes.path("namespace").asString("");
            return Optional.of(new Subject(
                    claims.path("sub").asString(""),
                    kubernetes.path("serviceaccount").path("uid").asString(""),
                    List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"),
                    claims.path("aud")
                            .valueStream()
                            .map(audience -> audience.asString(""))
                            .toList(),
                    kubernetes.path("pod").path("name").asString(""),
                    kubernetes.path("pod").path("uid").asString(""),
                    claims.path("jti").asString("")));
        } catch (IllegalArgumentException | JacksonException e) {
            // A token that is signed by us but does not parse cannot be; one that is not base64 is simply not ours.
            return Optional.empty();
        }
    }

    private byte[] sign(String content) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(content.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
