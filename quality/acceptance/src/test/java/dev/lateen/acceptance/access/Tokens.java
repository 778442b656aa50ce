package dev.lateen.acceptance.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.acceptance.access.AccessTable.Question;
import dev.lateen.acceptance.access.AccessTable.Scene;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tokens with the claims of the table, of issuers that the workload trusts: the keys of every other issuer stand in the
 * rule, those of the others on a server, where the control plane fetches them.
 */
final class Tokens implements AutoCloseable {
    /** Of no loopback: the control plane fetches nothing from its own machine. */
    private static final String ADDRESS = "10.99.0.1";

    private final RSAKey key;
    private final HttpServer server;

    Tokens() throws JOSEException, IOException {
        key = new RSAKeyGenerator(2048).keyID("wire").generate();
        server = HttpServer.create(new InetSocketAddress(ADDRESS, 0), 0);
        server.createContext("/keys", exchange -> {
            byte[] keys = keys().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, keys.length);
            exchange.getResponseBody().write(keys);
            exchange.close();
        });
        server.start();
    }

    private String keys() {
        return "{\"keys\":[" + key.toPublicJWK().toJSONString() + "]}";
    }

    /** An object that says so; empty where no question of the scene has claims. */
    String trust(Scene scene) {
        Set<String> issuers = new TreeSet<>();
        for (Question question : scene.questions()) {
            if (question.facts().containsKey("claims")) {
                issuers.add(new JsonMapper()
                        .readTree(question.fact("claims", "{}"))
                        .path("iss")
                        .asString("nobody"));
            }
        }
        if (issuers.isEmpty()) {
            return "";
        }
        StringBuilder rules = new StringBuilder();
        boolean given = false;
        for (String issuer : issuers) {
            String from = given
                    ? "jwks: '" + keys() + "'"
                    : "jwksUri: \"http://" + ADDRESS + ":" + server.getAddress().getPort() + "/keys\"";
            rules.append("  - {issuer: \"")
                    .append(issuer)
                    .append("\", ")
                    .append(from)
                    .append("}\n");
            given = !given;
        }
        return """
                ---
                apiVersion: security.istio.io/v1
                kind: RequestAuthentication
                metadata: {name: tokens, namespace: default}
                spec:
                  jwtRules:
                """ + rules;
    }

    /**
     * A token.
     *
     * @param how {@code signed}, or what is wrong with it: {@code none} and {@code none-signed} say that nothing signs
     *     them, {@code confused} is signed with the public key as a secret, {@code other} with another key of the same
     *     id, {@code changed} and {@code cut} have been after they were signed
     */
    String with(String claims, String how) {
        try {
            // A token without an issuer is nobody's: the table means one whose issuer does not count.
            String payload = claims.contains("\"iss\"")
                    ? claims
                    : claims.replaceFirst("\\{", "{\"iss\":\"nobody\",").replace(",}", "}");
            String good = signed(JWSAlgorithm.RS256, new RSASSASigner(key), payload);
            String body = good.substring(good.indexOf('.'), good.lastIndexOf('.') + 1);
            String nothing = Base64URL.encode("{\"alg\":\"none\",\"kid\":\"wire\"}") + body;
            return switch (how) {
                case "signed" -> good;
                case "none" -> nothing;
                case "none-signed" -> nothing + good.substring(good.lastIndexOf('.') + 1);
                case "confused" ->
                    signed(
                            JWSAlgorithm.HS256,
                            new MACSigner(key.toRSAPublicKey().getEncoded()),
                            payload);
                case "other" ->
                    signed(
                            JWSAlgorithm.RS256,
                            new RSASSASigner(
                                    new RSAKeyGenerator(2048).keyID("wire").generate()),
                            payload);
                case "changed" ->
                    signed(JWSAlgorithm.RS256, new RSASSASigner(key), "{\"iss\":\"nobody\"}")
                            .replaceFirst("\\.[^.]*\\.", Matcher.quoteReplacement(body));
                case "cut" -> good.substring(0, good.length() - 4);
                default -> throw new IllegalArgumentException("no such token: " + how);
            };
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String signed(JWSAlgorithm algorithm, JWSSigner signer, String payload) throws JOSEException {
        JWSObject token =
                new JWSObject(new JWSHeader.Builder(algorithm).keyID("wire").build(), new Payload(payload));
        token.sign(signer);
        return token.serialize();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
