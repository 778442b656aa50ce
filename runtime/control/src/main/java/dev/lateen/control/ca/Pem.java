package dev.lateen.control.ca;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.util.encoders.DecoderException;

/** Keys, certificates and lists of revoked ones as text (RFC 7468). */
final class Pem {
    private Pem() {}

    static String of(X509Certificate certificate) {
        return write(certificate);
    }

    static String of(X509CRL list) {
        return write(list);
    }

    static String of(List<X509Certificate> certificates) {
        StringBuilder text = new StringBuilder();
        certificates.forEach(certificate -> text.append(of(certificate)));
        return text.toString();
    }

    /** As PKCS #8, not encrypted. */
    static String of(PrivateKey key) {
        try {
            return write(new JcaPKCS8Generator(key, null));
        } catch (IOException e) {
            throw new IllegalStateException("a key that cannot be written", e);
        }
    }

    private static String write(Object object) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        } catch (IOException e) {
            throw new IllegalStateException("a " + object.getClass().getSimpleName() + " that cannot be written", e);
        }
        return text.toString();
    }

    /**
     * All certificates of a text.
     *
     * @param what the text is, for messages
     * @throws IllegalArgumentException when it holds something else, or nothing
     */
    static List<X509Certificate> certificates(String what, String text) {
        JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
        List<X509Certificate> certificates = new ArrayList<>();
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
                if (!(object instanceof X509CertificateHolder holder)) {
                    throw new IllegalArgumentException(what + " holds something that is no certificate");
                }
                certificates.add(converter.getCertificate(holder));
            }
        } catch (IOException | CertificateException | DecoderException e) {
            throw new IllegalArgumentException(what + " is not PEM: " + e.getMessage(), e);
        }
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException(what + " holds no certificate");
        }
        return certificates;
    }

    /**
     * The private key of a text, PKCS #8 or the older forms.
     *
     * @param what the text is, for messages; the text itself never stands in them
     * @throws IllegalArgumentException when there is none, or it is encrypted
     */
    static PrivateKey key(String what, String text) {
        JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
                if (object instanceof PEMKeyPair pair) {
                    return converter.getPrivateKey(pair.getPrivateKeyInfo());
                }
                if (object instanceof PrivateKeyInfo info) {
                    return converter.getPrivateKey(info);
                }
            }
        } catch (IOException | DecoderException e) {
            throw new IllegalArgumentException(what + " is not a private key in PEM", e);
        }
        throw new IllegalArgumentException(what + " holds no private key that is not encrypted");
    }
}
