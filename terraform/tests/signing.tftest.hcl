# Receipts: nothing of them unless it is asked for; then a key that the functions sign with, and that nobody else does.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region           = "us-east-1"
  bundle_directory = "tests/bundles"
  modes            = ["base", "sessions"]
}

run "no_key_and_nothing_that_signs" {
  variables {
    sign_segments = true
    signing_keys  = 2
  }

  assert {
    condition     = length(aws_kms_key.signing) + length(aws_kms_alias.signing) == 0 && output.signing_public_key == null && length(output.signing_public_keys) == 0
    error_message = "signing: off unless it is asked for"
  }
  assert {
    condition     = alltrue([for it in module.function : !anytrue([for s in jsondecode(it.policy).Statement : anytrue([for action in s.Action : startswith(action, "kms:")])]) && !anytrue([for key in keys(it.function.environment[0].variables) : startswith(key, "EWM_SIGN")])])
    error_message = "signing off: no function knows of a key"
  }
  assert {
    condition     = [for number in ["limits"] : [output.limits.signing, output.limits.sign_segments, output.limits.signing_keys == 0]] == [[false, false, true]] && output.limits.alarms == 12
    error_message = "signing off: nothing of it is paid for"
  }
}

run "a_key_that_signs" {
  variables {
    enable_signing = true
    sign_segments  = true
    signing_keys   = 2
  }

  assert {
    condition     = [for number, it in aws_kms_key.signing : [number, it.customer_master_key_spec, it.key_usage, tostring(it.deletion_window_in_days)]] == [["1", "ECC_NIST_P256", "SIGN_VERIFY", "30"], ["2", "ECC_NIST_P256", "SIGN_VERIFY", "30"]]
    error_message = "signing keys: asymmetric, for signatures alone, and not gone at once"
  }
  assert {
    condition     = aws_kms_alias.signing[0].name == "alias/ewm-signing" && aws_kms_alias.signing[0].target_key_id == aws_kms_key.signing["2"].arn
    error_message = "signing alias: of the newest key"
  }
  assert {
    condition = alltrue([for mode, it in module.function : [for s in jsondecode(it.policy).Statement : s if anytrue([for action in s.Action : startswith(action, "kms:")])] == [
      { Action = ["kms:Sign", "kms:GetPublicKey"], Effect = "Allow", Resource = [for key in aws_kms_key.signing : key.arn], Sid = "SignReceipts" }
    ]])
    error_message = "signing permission: each function may sign with these keys, and do nothing else with any"
  }
  assert {
    condition = [for s in jsondecode(aws_kms_key.signing["1"].policy).Statement : try(s.Condition, null) if contains(flatten([s.Action]), "kms:Sign")] == [{
      ArnEquals    = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/ewm-base-us-east-1", "arn:aws:iam::123456789012:role/ewm-sessions-us-east-1"] }
      StringEquals = { "kms:SigningAlgorithm" = "ECDSA_SHA_256" }
    }] && alltrue([for s in jsondecode(aws_kms_key.signing["1"].policy).Statement : alltrue([for action in flatten([s.Action]) : !strcontains(action, "*") && action != "kms:CreateGrant"])])
    error_message = "signing key policy: the functions sign, and nobody else in the account"
  }
  assert {
    condition     = alltrue([for it in module.function : [it.function.environment[0].variables["EWM_SIGNING_KEY"], it.function.environment[0].variables["EWM_SIGN_SEGMENTS"]] == ["alias/ewm-signing", "1"]])
    error_message = "signing environment: the alias, which moves when a key is rotated"
  }
  assert {
    condition     = alltrue([for mode, it in module.function : it.function.source_code_hash == filebase64sha256("tests/bundles/${mode}-signing.zip")])
    error_message = "signing bundles: the zips that can sign"
  }
  assert {
    condition     = [for key in ["base-not-signed"] : [aws_cloudwatch_metric_alarm.function[key].metric_name, aws_cloudwatch_metric_alarm.function[key].dimensions["service"], tostring(aws_cloudwatch_metric_alarm.function[key].threshold)]] == [["NotSigned", "agentcore-base", "0"]]
    error_message = "signing alarm: the first that could not be signed raises it"
  }
  assert {
    condition     = startswith(output.signing_public_key, "-----BEGIN PUBLIC KEY-----") && keys(output.signing_public_keys) == ["1", "2"]
    error_message = "signing outputs: the public halves, of keys before a rotation, too"
  }
  assert {
    condition     = [for number in ["limits"] : [output.limits.signing, output.limits.sign_segments, output.limits.signing_keys == 2]] == [[true, true, true]] && output.limits.alarms == 14
    error_message = "signing bill: keys, signatures and alarms count"
  }
}
