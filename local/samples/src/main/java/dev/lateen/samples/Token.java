package dev.lateen.samples;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Base64;

/** Makes a key, prints its public part as a set of keys (RFC 7517), then a token (RFC 7519) signed with it. */
public final class Token {
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private Token() {}

    static void print(String issuer, String subject, Instant now, PrintStream out) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair pair = generator.generateKeyPair();
        RSAPublicKey key = (RSAPublicKey) pair.getPublic();
        out.println("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"demo\",\"alg\":\"RS256\",\"n\":\""
                + number(key.getModulus().toByteArray()) + "\",\"e\":\""
                + number(key.getPublicExponent().toByteArray()) + "\"}]}");
        String content = text("{\"alg\":\"RS256\",\"kid\":\"demo\",\"typ\":\"JWT\"}") + "."
                + text("{\"iss\":\"" + issuer + "\",\"sub\":\"" + subject + "\",\"exp\":"
                        + now.plusSeconds(3600).getEpochSecond() + "}");
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(pair.getPrivate());
        signature.update(content.getBytes(StandardCharsets.US_ASCII));
        out.println(content + "." + BASE64.encodeToString(signature.sign()));
    }

    private static String text(String json) {
        return BASE64.encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    /** Unsigned: the zero byte that keeps Java's number positive is left out. */
    private static String number(byte[] bytes) {
        int from = bytes.length > 1 && bytes[0] == 0 ? 1 : 0;
        return BASE64.encodeToString(java.util.Arrays.copyOfRange(bytes, from, bytes.length));
    }

    /** {@code $ISSUER} and {@code $SUBJECT} are those of the token. */
    public static void main(String[] arguments) throws GeneralSecurityException {
        print(
                System.getenv().getOrDefault("ISSUER", "demo"),
                System.getenv().getOrDefault("SUBJECT", "ann"),
                Instant.now(),
                System.out);
    }
}
