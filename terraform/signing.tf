# Receipts: keys of AWS KMS that sign what the functions store, where that is asked for (docs/threats.md). What is signed is verified with the public
# half alone, on any machine.
locals {
  signing_alias = "alias/${var.name}-signing"
  # By number, from 1. The alias is of the last one.
  signing_numbers = var.enable_signing ? [for number in range(1, var.signing_keys + 1) : tostring(number)] : []
  signing_arns    = [for number in local.signing_numbers : aws_kms_key.signing[number].arn]

  # A function that runs when the alias moves goes on with the key that it knows, so each key that is there may sign.
  signing_statements = [for arns in(var.enable_signing ? [local.signing_arns] : []) : {
    Sid      = "SignReceipts"
    Effect   = "Allow"
    Action   = ["kms:Sign", "kms:GetPublicKey"]
    Resource = arns
  }]

  # Of the key itself, and stronger than any policy of a role: an administrator of the account looks after it, and cannot sign.
  signing_key_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountLooksAfterIt"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
        Action = [
          "kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias", "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:GetPublicKey",
          "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:UpdateKeyDescription", "kms:EnableKey", "kms:DisableKey",
          "kms:RevokeGrant", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:Verify",
        ]
        Resource = "*"
      },
      {
        # By name and not as principals: a role that is made again under its name is the same function.
        Sid       = "FunctionsSign"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
        Action    = "kms:Sign"
        Resource  = "*"
        Condition = {
          ArnEquals    = { "aws:PrincipalArn" = [for mode in sort(tolist(var.modes)) : "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-${mode}-${var.region}"] }
          StringEquals = { "kms:SigningAlgorithm" = "ECDSA_SHA_256" }
        }
      },
    ]
  }
}

# Deleting a key takes 30 days, in which `aws kms cancel-key-deletion` brings it back. Receipts outlive it: they need the public half alone.
resource "aws_kms_key" "signing" {
  for_each = toset(local.signing_numbers)

  description              = "Signs receipts of ${var.name}, key ${each.key}"
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  deletion_window_in_days  = 30
  policy                   = jsonencode(local.signing_key_policy)
}

resource "aws_kms_alias" "signing" {
  count = var.enable_signing ? 1 : 0

  name          = local.signing_alias
  target_key_id = aws_kms_key.signing[tostring(var.signing_keys)].arn
}

data "aws_kms_public_key" "signing" {
  for_each = aws_kms_key.signing

  key_id = each.value.arn
}

output "signing_public_key" {
  description = "Public half of the key that signs, in PEM: `terraform output -raw signing_public_key > signing.pub.pem`, then `ewm verify DIR --key signing.pub.pem`. Null where nothing is signed."
  value       = var.enable_signing ? data.aws_kms_public_key.signing[tostring(var.signing_keys)].public_key_pem : null
}

output "signing_public_keys" {
  description = "By number, the public halves of all keys that have signed, in PEM: what was signed before a rotation is verified with an older one."
  value       = { for number, key in data.aws_kms_public_key.signing : number => key.public_key_pem }
}
